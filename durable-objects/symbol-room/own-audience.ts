import { type Audience, openAudience } from "../audience/audience.ts";
import { openHistoryDesk } from "../audience/history.ts";
import { audienceSettings } from "../audience/settings.ts";
import { singleBook } from "../audience/symbol-book.ts";
import { announcePresence } from "../stream-directory/presence.ts";
import { payFromKey } from "../usage-meter/payment.ts";
import type { Facts } from "./facts.ts";
import type { RoomLife } from "./room-life.ts";

/** Opens the audience of a room's own sockets, which hear of its symbol and no other. */
export function openOwnAudience(ctx: DurableObjectState, env: Env, facts: Facts, life: RoomLife): Audience {
  const name = ctx.id.name ?? "";
  return openAudience({
    ctx,
    name,
    feed: () => life.ownFeed,
    book: singleBook(facts.instrument),
    settings: audienceSettings(env),
    history: openHistoryDesk((key, cost) => payFromKey(env, key, cost, (work) => ctx.waitUntil(work))),
    schedule: life.scheduleAudience,
    onPresence: (isPresent) => announcePresence(env, { kind: "room", name }, isPresent),
  });
}
