/** Bars that are read for clients at a time, over all requests to a room; beyond it nothing more is read. */
const MAX_BARS = 500_000;
/** Seconds after which there is room again, most probably. */
const RETRY_AFTER = 2;

/** That a room reads as much history as it may; quotes must pass. */
export class RoomOverloaded extends Error {
  override readonly name = "RoomOverloaded";
  /** Seconds. */
  readonly retryAfter = RETRY_AFTER;
}

/** The history that a room reads for clients at the moment, in bars. One that is larger than all that may be read is read alone. */
export class HistoryWork {
  #bars = 0;

  /** @throws RoomOverloaded where too much is being read already */
  async run<T>(bars: number, read: () => Promise<T>): Promise<T> {
    if (this.#bars > 0 && this.#bars + bars > MAX_BARS) throw new RoomOverloaded("the room reads as much as it may");
    this.#bars += bars;
    try {
      return await read();
    } finally {
      this.#bars -= bars;
    }
  }
}
