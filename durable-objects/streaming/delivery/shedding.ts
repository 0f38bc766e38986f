import { CLOSE } from "../../../contracts/stream.ts";
import type { CallerAccount } from "../connections/caller-accounts.ts";
import type { Connection } from "../connections/connection.ts";
import { MAX_CALLER_BYTES } from "../connections/limits.ts";
import type { StreamLoad } from "../connections/stream-load.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";
import type { Session, SubscriptionRegistry } from "../subscriptions/registry.ts";

const SLOW_CONSUMER = "slow consumer: read faster, and acknowledge heartbeats";
const CALLER_BYTES =
  "your streams together have too much that is not acknowledged: read faster, and acknowledge heartbeats";
const OVERLOADED = "too much to send at the moment: come back in a moment, and resume";

/** Closes sockets where an object, or a caller, has more to send than there is room for. */
export class Shedding {
  readonly #registry: () => SubscriptionRegistry;
  readonly #load: StreamLoad;
  readonly #disconnect: (session: Session, code: number, reason: string) => void;

  constructor(
    registry: () => SubscriptionRegistry,
    load: StreamLoad,
    disconnect: (session: Session, code: number, reason: string) => void,
  ) {
    this.#registry = registry;
    this.#load = load;
    this.#disconnect = disconnect;
  }

  /** A socket was written to, or acknowledged: closes what is too much for its object or its caller now. */
  onCounted(connection: Connection): void {
    const { ledger } = this.#registry();
    ledger.update(connection);
    for (const each of ledger.excess(Date.now() / 1000)) this.#close(each, CLOSE.slowConsumer, SLOW_CONSUMER);
    const { account } = connection;
    if (account.kind === "operator") return;
    const excess = account.unacknowledgedBytes - account.closingBytes - MAX_CALLER_BYTES;
    if (excess > 0) this.closeLargestOf(account, excess);
  }

  /** Closes a caller's sockets with the most that is not acknowledged, until it has that many characters less. */
  closeLargestOf(account: CallerAccount, bytes: number): void {
    const largest = this.#connections()
      .filter((connection) => connection.account === account)
      .sort((a, b) => b.unacknowledgedBytes - a.unacknowledgedBytes);
    let left = bytes;
    for (const connection of largest) {
      if (left <= 0) return;
      left -= connection.unacknowledgedBytes;
      this.#close(connection, CLOSE.slowConsumer, CALLER_BYTES);
    }
  }

  /** Closes the sockets that lag and have live indicators of a symbol, for others who need them; returns whether there were any. */
  closeLaggingOf(channel: SymbolChannel): boolean {
    const { ledger } = this.#registry();
    const lagging = new Set<Connection>();
    for (const { connection, subscription } of channel.allSubscribers())
      if (subscription.channel === "indicators" && ledger.isLagging(connection)) lagging.add(connection);
    for (const connection of lagging) this.#close(connection, CLOSE.slowConsumer, SLOW_CONSUMER);
    return lagging.size > 0;
  }

  /** Closes the sockets for which most frames wait, where more wait than can be written in time. */
  closeLongestQueues(): void {
    if (this.#load.excessFrames <= 0) return;
    const longest = this.#connections().sort((a, b) => b.queuedFrames - a.queuedFrames);
    for (const connection of longest) {
      if (this.#load.excessFrames <= 0) return;
      this.#close(connection, CLOSE.tryLater, OVERLOADED);
    }
  }

  #connections(): Connection[] {
    return Array.from(this.#registry().sessions.values(), ({ connection }) => connection);
  }

  #close({ id }: Connection, code: number, reason: string): void {
    const session = this.#registry().sessions.get(id);
    if (session) this.#disconnect(session, code, reason);
  }
}
