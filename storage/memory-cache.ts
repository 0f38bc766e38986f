interface Entry<T> {
  value: T;
  expiresAt: number;
  /** Whether somebody has gone for a newer value, so that the others may use this one a little longer. */
  renewing: boolean;
}

/**
 * Values that an isolate keeps for a moment: bounded in number and age. It holds values only, never promises: a promise
 * belongs to the request that made it. Time stands still within a request, so an age is that of the request's start.
 *
 * With a grace, only the first who finds a value too old goes for a newer one; the others get the old one for that much longer, so
 * that not all who ask at once go the long way.
 */
export class MemoryCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly ttlMs: number;
  private readonly maxEntries: number;
  private readonly graceMs: number;

  constructor(ttlMs: number, maxEntries: number, graceMs = 0) {
    this.ttlMs = ttlMs;
    this.maxEntries = maxEntries;
    this.graceMs = graceMs;
  }

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    const now = Date.now();
    // A value that expires later than one of now was kept before the clock was set back: its age is not known.
    const isAhead = entry.expiresAt > now + this.ttlMs + this.graceMs;
    if (entry.expiresAt > now && !isAhead) return entry.value;
    if (!isAhead && !entry.renewing && now < entry.expiresAt + this.graceMs) {
      entry.renewing = true;
      entry.expiresAt += this.graceMs;
      return undefined;
    }
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: T): void {
    this.entries.delete(key);
    this.entries.set(key, { value, expiresAt: Date.now() + this.ttlMs, renewing: false });
    if (this.entries.size <= this.maxEntries) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }

  clear(): void {
    this.entries.clear();
  }
}
