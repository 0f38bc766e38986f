/** Who takes a share; callers with a key have a reserve. */
export interface ShareOwner {
  readonly name: string;
  readonly hasKey: boolean;
}

/** How much there is of something scarce. */
export interface ShareLimits {
  total: number;
  /** The most that one caller may have. */
  perCaller: number;
  /** What only callers with keys may take of the total. */
  reservedForKeys: number;
}

/** Why there is nothing for a caller: there is nothing left for its kind, or it has its own share. */
export type ShareRefusal = "full" | "caller";

/** Shares something scarce among callers, so that none of them can have it all. */
export class FairShare {
  readonly #limits: ShareLimits;
  readonly #taken = new Map<string, number>();
  #total = 0;
  #withoutKey = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  /** What all callers have taken together. */
  get total(): number {
    return this.#total;
  }

  /** Why a caller may not take an amount; null where it may. */
  refusal(owner: ShareOwner, amount: number): ShareRefusal | null {
    const { total, perCaller, reservedForKeys } = this.#limits;
    if (this.takenBy(owner) + amount > perCaller) return "caller";
    if (this.#total + amount > total) return "full";
    return !owner.hasKey && this.#withoutKey + amount > total - reservedForKeys ? "full" : null;
  }

  /** Takes an amount, whatever `refusal` says. */
  take(owner: ShareOwner, amount: number): void {
    this.#change(owner, amount);
  }

  /** Returns what was taken. */
  release(owner: ShareOwner, amount: number): void {
    this.#change(owner, -amount);
  }

  /** What a caller has taken. */
  takenBy({ name, hasKey }: ShareOwner): number {
    return this.#taken.get(keyOf(name, hasKey)) ?? 0;
  }

  #change({ name, hasKey }: ShareOwner, by: number): void {
    this.#total += by;
    if (!hasKey) this.#withoutKey += by;
    const taken = this.takenBy({ name, hasKey }) + by;
    if (taken > 0) this.#taken.set(keyOf(name, hasKey), taken);
    else this.#taken.delete(keyOf(name, hasKey));
  }
}

const keyOf = (name: string, hasKey: boolean): string => `${hasKey ? "key" : "address"} ${name}`;
