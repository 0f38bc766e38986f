import type { Connection } from "./connection.ts";

/**
 * Milliseconds for which frames of events wait for others. What is sent to a socket in one turn costs the runtime less than half of
 * what it costs in several: rooms push one by one, and many of them at the same second.
 */
const GATHER_MS = 20;
/** Sockets from which on waiting is worth it. */
const MANY = 100;

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
    if (this.leaving === null && this.laden.size < MANY) return this.flush();
    this.leaving ??= scheduler.wait(GATHER_MS).then(() => {
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
