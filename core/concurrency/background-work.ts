import { isWithin } from "../time.ts";

/** A request within this time shows that others are being served (milliseconds). */
const RECENT_MS = 1_000;
/** The pause of background work beside requests: as long as the work between two pauses takes, so that it has half of the time. */
const PAUSE_MS = 60;

/**
 * Work that no one waits for by the millisecond, such as imports: it goes on at full speed where it is alone, and makes way for requests. It
 * holds one number, so that nothing of a request outlives it.
 */
export class BackgroundWork {
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  #requestAt = Number.NEGATIVE_INFINITY;

  /**
   * @param now the clock, in milliseconds
   * @param wait resolves after that many milliseconds, and lets others run
   */
  constructor(now: () => number, wait: (ms: number) => Promise<void>) {
    this.#now = now;
    this.#wait = wait;
  }

  /** A request that is not of background work has come. */
  noteRequest(): void {
    this.#requestAt = this.#now();
  }

  /** Lets others run; longer where requests have come of late. It always ends, so that the work goes on however busy the platform is. */
  async makeWay(): Promise<void> {
    await this.#wait(0);
    if (isWithin(RECENT_MS, this.#requestAt, this.#now())) await this.#wait(PAUSE_MS);
  }
}
