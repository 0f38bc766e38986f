/** What decides whose share of a hub's sockets a socket is. */
interface SocketOwner {
  address: string;
  caller: string;
  anonymous: boolean;
}

const KEY = "key:";

/** Whose share a socket is: an address's, or a key's; of operators no one counts them. */
function ownerOf({ address, caller, anonymous }: SocketOwner): { kind: "address" | "key"; name: string } | null {
  if (anonymous) return { kind: "address", name: address };
  return caller.startsWith(KEY) ? { kind: "key", name: caller } : null;
}

/** How many sockets addresses without a key, and keys, have in a hub. */
export class ConnectionQuota {
  readonly #limits: Readonly<Record<"address" | "key", number>>;
  readonly #counts = new Map<string, number>();

  constructor(most: Readonly<Record<"address" | "key", number>>) {
    this.#limits = most;
  }

  add(holder: SocketOwner): void {
    this.#change(holder, 1);
  }

  remove(holder: SocketOwner): void {
    this.#change(holder, -1);
  }

  /** Whose share is used up; null where there is room for one more. */
  exceeded(holder: SocketOwner): "address" | "key" | null {
    const owner = ownerOf(holder);
    return owner && (this.#counts.get(owner.name) ?? 0) >= this.#limits[owner.kind] ? owner.kind : null;
  }

  #change(holder: SocketOwner, by: number): void {
    const owner = ownerOf(holder);
    if (!owner) return;
    const count = (this.#counts.get(owner.name) ?? 0) + by;
    if (count > 0) this.#counts.set(owner.name, count);
    else this.#counts.delete(owner.name);
  }
}
