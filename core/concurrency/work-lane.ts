/** While long work waits for other long work, a slice begins no sooner than after that many times the length of the one before. */
const CONTENDED_FACTOR = 3;
/** Long work that had to wait shows that there is more of it for this long (milliseconds). */
const CONTENDED_MS = 100;
/** No slice is longer (milliseconds): what is further ahead was set by a clock that was set back. */
const MAX_AHEAD_MS = 1_000;
/** Those that wait come back at slightly different times, so that each gets its turn. */
const JITTER_MS = 5;

/**
 * The long work of an isolate, slice by slice: as long as there is more than one that wants to run, no more than a third of the time goes
 * into it, whatever their number, so that short work never waits for more than a slice. It holds numbers only: work whose request has
 * ended in between holds nothing up.
 */
export class WorkLane {
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #random: () => number;
  #freeAt = 0;
  #contendedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param now the clock, in milliseconds
   * @param wait resolves after that many milliseconds, and lets others run
   */
  constructor(now: () => number, wait: (ms: number) => Promise<void>, random: () => number = Math.random) {
    this.#now = now;
    this.#wait = wait;
    this.#random = random;
  }

  /** Lets others run, and waits until a slice may begin that takes about `ms` milliseconds. */
  async pass(ms: number): Promise<void> {
    await this.#wait(0);
    for (;;) {
      const now = this.#now();
      const left = this.#freeAt - now;
      if (left <= 0 || left > MAX_AHEAD_MS) break;
      this.#contendedAt = now;
      await this.#wait(left + this.#random() * JITTER_MS);
      // A clock that stands still, as in some tests, says nothing of how long was waited.
      if (this.#now() === now) break;
    }
    const now = this.#now();
    const isContended = Math.abs(now - this.#contendedAt) < CONTENDED_MS;
    this.#freeAt = now + (isContended ? CONTENDED_FACTOR * ms : ms);
  }
}
