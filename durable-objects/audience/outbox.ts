import type { Connection } from "./connection.ts";

/**
 * Frames of events wait for others until none has come for so long (milliseconds). What is sent to a socket in one turn costs the
 * runtime less than half of what it costs in several, and rooms push one by one, many of them at the same second.
 */
const QUIET_MS = 5;
/** They wait no longer than this by socket (milliseconds), which is about what sending them takes. */
const LONGEST_BY_SOCKET_MS = 0.025;
/** Where they would wait no longer than this, nothing waits. */
const SHORTEST_WAIT_MS = 2;

/** The sockets whose events have been handed to them and not yet sent. */
export class Outbox {
  private readonly laden = new Set<Connection>();
  private leaving: Promise<void> | null = null;
  /** How often somebody has waited for the outbox to be emptied. */
  private waits = 0;

  /** Takes note of a socket that has something to send. */
  add(connection: Connection): void {
    this.laden.add(connection);
  }

  /** Resolves when all that has been handed to sockets is sent; at once where they are few. */
  async sent(): Promise<void> {
    this.waits++;
    if (this.leaving === null && this.longestWait < SHORTEST_WAIT_MS) return this.flush();
    this.leaving ??= this.leaveWhenQuiet();
    await this.leaving;
  }

  private get longestWait(): number {
    return this.laden.size * LONGEST_BY_SOCKET_MS;
  }

  /** By the clock, since a short wait is a long one where the runtime has much to send. */
  private async leaveWhenQuiet(): Promise<void> {
    const begun = Date.now();
    for (let seen = -1; seen !== this.waits && Date.now() - begun < this.longestWait; ) {
      seen = this.waits;
      await scheduler.wait(QUIET_MS);
    }
    this.leaving = null;
    this.flush();
  }

  private flush(): void {
    for (const connection of this.laden) connection.flush();
    this.laden.clear();
  }
}
