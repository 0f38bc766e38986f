/** What an object under load still does, and what it no longer does, in the order in which it stops doing it. */
export const LOAD_LEVELS = ["normal", "no_history", "no_joins", "slow_conflation", "closing"] as const;

export type LoadLevel = (typeof LOAD_LEVELS)[number];

/** Conflated subscriptions get their frames this many times slower under load: they said that they can. */
const CONFLATION_FACTOR = 4;
/** The messages of all clients that may wait before an object takes no more work on history, and no more subscriptions. */
const MAX_PENDING_MESSAGES = { no_history: 2_000, no_joins: 20_000 } as const;

/**
 * An object's load, by its queues: the clock of the runtime stands still while it works, so that time shows nothing. From the limit on,
 * and at twice, four and eight times as many waiting frames, it does less.
 */
export class StreamLoad {
  readonly #limit: number;
  /** Frames that have been handed to sockets and are not written. */
  queuedFrames = 0;
  /** Messages of clients that are not carried out. */
  pendingMessages = 0;

  /** @param limit waiting frames from which the object is under load */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get level(): LoadLevel {
    return LOAD_LEVELS[this.#levelIndex];
  }

  /** Whether at least that level is reached. */
  isAtLeast(level: LoadLevel): boolean {
    return this.#levelIndex >= LOAD_LEVELS.indexOf(level);
  }

  /** How many times longer conflated subscriptions wait for their next frame than they asked for. */
  get conflationFactor(): number {
    return this.isAtLeast("slow_conflation") ? CONFLATION_FACTOR : 1;
  }

  /** The waiting frames that are too many; 0 unless sockets must be closed. */
  get excessFrames(): number {
    return this.isAtLeast("closing") ? this.queuedFrames - 4 * this.#limit : 0;
  }

  get #levelIndex(): number {
    const frames = this.queuedFrames / this.#limit;
    if (frames >= 8) return 4;
    if (frames >= 4) return 3;
    if (frames >= 2 || this.pendingMessages >= MAX_PENDING_MESSAGES.no_joins) return 2;
    return frames >= 1 || this.pendingMessages >= MAX_PENDING_MESSAGES.no_history ? 1 : 0;
  }
}
