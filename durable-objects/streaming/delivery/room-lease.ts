import type { Lease, RoomClient } from "../../symbol-events/symbol-events.ts";
import type { SymbolChannel } from "../subscriptions/channel.ts";

/** How long before its end an attendance is renewed (seconds): more than a heartbeat, which renews it. */
const RENEW_BEFORE = 45;

/** More than any attendance lasts (seconds): one with more left was given before the clock was set back. */
const MAX_SECONDS_LEFT = 120;

/** Says to feeds what is wanted of them. */
export class RoomLeases {
  readonly #feed: RoomClient;

  constructor(feed: RoomClient) {
    this.#feed = feed;
  }

  /** Sees to it that everything that is listened to is delivered from now on. */
  async renew(topic: SymbolChannel): Promise<Lease> {
    // Whoever comes while a telling is under way may want more than it says.
    if (topic.renewal !== null) await topic.renewal;
    if (topic.lease !== null && !this.isDue(topic, Date.now() / 1000)) return topic.lease;
    topic.renewal ??= this.#request(topic).finally(() => {
      topic.renewal = null;
    });
    return topic.renewal;
  }

  /** Whether a feed must be told again, because more or less is wanted or the attendance ends soon. */
  isDue({ lease, leasedInterest, interestKey }: SymbolChannel, now: number): boolean {
    if (lease === null || leasedInterest !== interestKey) return true;
    const left = lease.until - now;
    return left < RENEW_BEFORE || left > MAX_SECONDS_LEFT;
  }

  async #request(topic: SymbolChannel): Promise<Lease> {
    const { interestKey, interest } = topic;
    const attendance = await this.#feed.renewLease(topic.symbol, interest);
    topic.leasedInterest = interestKey;
    topic.lease = attendance;
    if (topic.position === null) topic.savePosition(attendance.position);
    return attendance;
  }
}
