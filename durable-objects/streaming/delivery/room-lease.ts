import type { Lease, RoomClient } from "../../symbol-events/symbol-events.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";

/** How long before its end a lease is renewed (seconds): more than a heartbeat, which renews it. */
const RENEW_BEFORE = 45;

/** More than any lease lasts (seconds): one with more left was granted before the clock was set back. */
const MAX_SECONDS_LEFT = 120;

/** Renews the leases of channels on their rooms. */
export class RoomLeases {
  readonly #room: RoomClient;

  constructor(room: RoomClient) {
    this.#room = room;
  }

  /** Ensures that the room publishes everything that the channel's subscribers are interested in. */
  async renew(channel: SymbolChannel): Promise<Lease> {
    // A caller that comes while a renewal is under way may be interested in more than it is for.
    if (channel.renewal !== null) await channel.renewal;
    if (channel.lease !== null && !this.isDue(channel, Date.now() / 1000)) return channel.lease;
    return channel.renewLease((interest) => this.#room.renewLease(channel.symbol, interest));
  }

  /** Whether a lease must be renewed, because the interest has changed or the lease ends soon. */
  isDue(channel: SymbolChannel, now: number): boolean {
    return channel.isLeaseDue((until) => until - now < RENEW_BEFORE || until - now > MAX_SECONDS_LEFT);
  }
}
