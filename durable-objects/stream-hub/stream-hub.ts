import { type Audience, openAudience } from "../audience/audience.ts";
import { AudienceObject } from "../audience/audience-object.ts";
import type { Feed, FeedEvent } from "../audience/feed.ts";
import { openHistoryDesk } from "../audience/history.ts";
import { audienceSettings } from "../audience/settings.ts";
import { registryBook } from "../audience/symbol-book.ts";
import { countTally } from "../audience/tally.ts";
import { announcePresence } from "../stream-directory/presence.ts";
import { reportWhenDue } from "../telemetry/report.ts";
import { payFromKey } from "../usage-meter/payment.ts";
import { roomFeed } from "./room-feed.ts";

/** Many symbols on one socket. Hubs are shards by region and number, `hub:{region}:{n}`; each is the audience of the rooms of its symbols. */
export class StreamHub extends AudienceObject {
  /** Where the hub hears of symbols. A field and not a method, so that it cannot be called from outside. */
  feed: Feed;
  protected readonly audience: Audience;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const name = ctx.id.name;
    if (name === undefined) throw new Error("a hub is named by its region and number");
    this.feed = roomFeed(env, name, (symbol) => this.audience.instrumentOf(symbol));
    this.audience = openAudience({
      ctx,
      name,
      feed: () => this.feed,
      book: registryBook(env.DB),
      settings: audienceSettings(env),
      history: openHistoryDesk((key, cost) => payFromKey(env, key, cost, (work) => ctx.waitUntil(work))),
      schedule: (at) => ctx.waitUntil(this.wakeNoLaterThan(at)),
      onPresence: (isPresent) => {
        this.report();
        return announcePresence(env, { kind: "hub", name }, isPresent);
      },
    });
  }

  /** Events of a symbol, from its room; false where nobody here listens to it any more. */
  push(symbol: string, events: FeedEvent[]): Promise<boolean> {
    return this.audience.deliver(symbol, events);
  }

  override async alarm(): Promise<void> {
    await this.audience.run();
  }

  async checkAlarm(): Promise<void> {
    this.audience.keepGoing();
  }

  /** Counts what was done, when the first socket comes, at each heartbeat and when the last one leaves. */
  private report(): void {
    countTally(this.audience.takeTally());
    reportWhenDue(this.env, this.ctx);
  }

  private async wakeNoLaterThan(at: number): Promise<void> {
    const milliseconds = Math.ceil(at * 1000);
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > milliseconds) await this.ctx.storage.setAlarm(milliseconds);
  }
}
