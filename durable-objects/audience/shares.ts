/** What decides whose share of an audience's sockets a socket is. */
interface Holder {
  address: string;
  caller: string;
  anonymous: boolean;
}

const KEY = "key:";

/** Whose share a socket is: an address's, or a key's; of operators nobody counts them. */
function ownerOf({ address, caller, anonymous }: Holder): { kind: "address" | "key"; name: string } | null {
  if (anonymous) return { kind: "address", name: address };
  return caller.startsWith(KEY) ? { kind: "key", name: caller } : null;
}

/** How many sockets addresses without a key, and keys, have in an audience. */
export class Shares {
  private readonly most: Readonly<Record<"address" | "key", number>>;
  private readonly counts = new Map<string, number>();

  constructor(most: Readonly<Record<"address" | "key", number>>) {
    this.most = most;
  }

  add(holder: Holder): void {
    this.change(holder, 1);
  }

  remove(holder: Holder): void {
    this.change(holder, -1);
  }

  /** Whose share is used up; null where there is room for one more. */
  usedUp(holder: Holder): "address" | "key" | null {
    const owner = ownerOf(holder);
    return owner && (this.counts.get(owner.name) ?? 0) >= this.most[owner.kind] ? owner.kind : null;
  }

  private change(holder: Holder, by: number): void {
    const owner = ownerOf(holder);
    if (!owner) return;
    const count = (this.counts.get(owner.name) ?? 0) + by;
    if (count > 0) this.counts.set(owner.name, count);
    else this.counts.delete(owner.name);
  }
}
