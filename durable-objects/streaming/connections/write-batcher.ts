/**
 * Frames of events wait for others until none has come for so long (milliseconds). What is sent to a socket in one turn costs the
 * runtime less than half of what it costs in several, and rooms push one by one, many of them at the same second.
 */
const QUIET_MS = 5;
/** They wait no longer than this by socket (milliseconds), which is about what sending them takes. */
const MAX_WAIT_PER_SOCKET_MS = 0.025;
/** Where they would wait no longer than this, nothing waits. */
const MIN_WAIT_MS = 2;

/** The sockets whose events have been handed to them and not yet sent. */
export class WriteBatcher {
  readonly #pending = new Set<{ flush(): void }>();
  #flushing: Promise<void> | null = null;
  /** How often a connection has waited for the batch to be written. */
  #flushed = 0;

  /** Adds a socket that has something to send. */
  add(connection: { flush(): void }): void {
    this.#pending.add(connection);
  }

  /** Resolves when all that has been handed to sockets is sent; at once where they are few. */
  async whenFlushed(): Promise<void> {
    this.#flushed++;
    if (this.#flushing === null && this.#maxWait < MIN_WAIT_MS) return this.#flush();
    this.#flushing ??= this.#flushWhenQuiet();
    await this.#flushing;
  }

  get #maxWait(): number {
    return this.#pending.size * MAX_WAIT_PER_SOCKET_MS;
  }

  /** By the clock, since a short wait is a long one where the runtime has much to send. */
  async #flushWhenQuiet(): Promise<void> {
    const begun = Date.now();
    for (let seen = -1; seen !== this.#flushed && Date.now() - begun < this.#maxWait; ) {
      seen = this.#flushed;
      await scheduler.wait(QUIET_MS);
    }
    this.#flushing = null;
    this.#flush();
  }

  #flush(): void {
    for (const connection of this.#pending) connection.flush();
    this.#pending.clear();
  }
}
