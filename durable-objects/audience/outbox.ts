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

  /** The clock stands still while nothing is waited for, so what is counted is what was waited. */
  private async leaveWhenQuiet(): Promise<void> {
    let waited = 0;
    for (let seen = -1; seen !== this.waits && waited < this.longestWait; waited += QUIET_MS) {
      seen = this.waits;
      await scheduler.wait(Math.min(QUIET_MS, this.longestWait - waited));
    }
    this.leaving = null;
    this.flush();
  }

  private flush(): void {
    for (const connection of this.laden) connection.flush();
    this.laden.clear();
  }
}
