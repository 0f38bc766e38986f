interface Entry<T> {
  value: T;
  weight: number;
  expiresAt: number;
  /** Whether a client has gone for a newer value, so that the others may use this one a little longer. */
  renewing: boolean;
}

/**
 * Values that an isolate keeps for a moment: bounded in number, or weight where values differ in size, and age. It holds values only, never promises: a promise
 * belongs to the request that made it. Time stands still within a request, so an age is that of the request's start.
 *
 * With a grace, only the first who finds a value too old goes for a newer one; the others get the old one for that much longer, so
 * that not all who ask at once go the long way.
 */
export class MemoryCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #ttlMs: number;
  readonly #maxWeight: number;
  readonly #graceMs: number;
  #weight = 0;

  /** @param maxWeight of all values together; of values that are set without a weight, their number */
  constructor(ttlMs: number, maxWeight: number, graceMs = 0) {
    this.#ttlMs = ttlMs;
    this.#maxWeight = maxWeight;
    this.#graceMs = graceMs;
  }

  /** Values that it holds, some of them perhaps too old. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = Date.now();
    // A value that expires later than one of now was kept before the clock was set back: its age is not known.
    const isAhead = entry.expiresAt > now + this.#ttlMs + this.#graceMs;
    if (entry.expiresAt > now && !isAhead) return entry.value;
    if (!isAhead && !entry.renewing && now < entry.expiresAt + this.#graceMs) {
      entry.renewing = true;
      entry.expiresAt += this.#graceMs;
      return undefined;
    }
    this.#remove(key, entry);
    return undefined;
  }

  set(key: string, value: T, weight = 1): void {
    const existing = this.#entries.get(key);
    if (existing) this.#remove(key, existing);
    const now = Date.now();
    this.#entries.set(key, { value, weight, expiresAt: now + this.#ttlMs, renewing: false });
    this.#weight += weight;
    // Those that were set longest ago come first: what is too old goes with what is too much.
    for (const [name, entry] of this.#entries) {
      if (this.#weight <= this.#maxWeight && now < entry.expiresAt + this.#graceMs) break;
      this.#remove(name, entry);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#remove(key, entry);
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  #remove(key: string, entry: Entry<T>): void {
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
