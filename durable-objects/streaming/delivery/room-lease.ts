import type { Lease, RoomClient } from "../../symbol-events/symbol-events.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";

/** How long before its end a lease is renewed (seconds): more than a heartbeat, which renews it. */
const RENEW_BEFORE = 45;

/** More than any leases lasts (seconds): one with more left was given before the clock was set back. */
const MAX_SECONDS_LEFT = 120;

/** Says to feeds what is wanted of them. */
export class RoomLeases {
  readonly #room: RoomClient;

  constructor(room: RoomClient) {
    this.#room = room;
  }

  /** Ensures that everything that is listened to is delivered from now on. */
  async renew(channel: SymbolChannel): Promise<Lease> {
    // A caller that comes while a saying is under way may want more than it says.
    if (channel.renewal !== null) await channel.renewal;
    if (channel.lease !== null && !this.isDue(channel, Date.now() / 1000)) return channel.lease;
    channel.renewal ??= this.#request(channel).finally(() => {
      channel.renewal = null;
    });
    return channel.renewal;
  }

  /** Whether a feed must be sent again, because more or less is wanted or the leases ends soon. */
  isDue({ lease, leasedInterest, interestKey }: SymbolChannel, now: number): boolean {
    if (lease === null || leasedInterest !== interestKey) return true;
    const left = lease.until - now;
    return left < RENEW_BEFORE || left > MAX_SECONDS_LEFT;
  }

  async #request(channel: SymbolChannel): Promise<Lease> {
    const { interestKey, interest } = channel;
    const lease = await this.#room.renewLease(channel.symbol, interest);
    channel.leasedInterest = interestKey;
    channel.lease = lease;
    if (channel.position === null) channel.savePosition(lease.position);
    return lease;
  }
}
