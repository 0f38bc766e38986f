import type { Connection } from "./connection.ts";

/**
 * Frames of events wait for others for so long by socket (milliseconds), which is about what sending them takes. What is sent to a
 * socket in one turn costs the runtime less than half of what it costs in several, and rooms push one by one, many of them at the
 * same second.
 */
const WAIT_BY_SOCKET_MS = 0.025;
/** Below this nothing waits. */
const SHORTEST_WAIT_MS = 2;

/** The sockets whose events have been handed to them and not yet sent. */
export class Outbox {
  private readonly laden = new Set<Connection>();
  private leaving: Promise<void> | null = null;

  /** Takes note of a socket that has something to send. */
  add(connection: Connection): void {
    this.laden.add(connection);
  }

  /** Resolves when all that has been handed to sockets is sent; at once where they are few. */
  async sent(): Promise<void> {
    const wait = this.laden.size * WAIT_BY_SOCKET_MS;
    if (this.leaving === null && wait < SHORTEST_WAIT_MS) return this.flush();
    this.leaving ??= scheduler.wait(wait).then(() => {
      this.leaving = null;
      this.flush();
    });
    await this.leaving;
  }

  private flush(): void {
    for (const connection of this.laden) connection.flush();
    this.laden.clear();
  }
}
