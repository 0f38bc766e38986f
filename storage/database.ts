import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { wrapAsync, wrapSync } from "./registry/failures.ts";

/** The registry's database within one D1 session: reads may come from a near replica, in an order that never goes back. */
export interface Database {
  session: DrizzleD1Database;
  /** Where the session stands; a later session that starts from it sees everything this one did. */
  bookmark(): string | null;
}

/** One statement of a batch that stands or falls as a whole. */
export type Statement = BatchItem<"sqlite">;

/** D1's own bookmarks look like this; anything else a client sends is not passed on. */
const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/** Opens a session that may read from the nearest replica, not older than `bookmark` where one is given. */
export function openReplica(database: D1Database, bookmark?: string): Database {
  return open(database, bookmark && BOOKMARK.test(bookmark) ? bookmark : "first-unconstrained");
}

/** Opens a session that begins at the primary, for writes and for reads that must see the latest. */
export function openPrimary(database: D1Database): Database {
  return open(database, "first-primary");
}

function open(database: D1Database, constraint: string): Database {
  const session = wrapSync(() => database.withSession(constraint));
  const client: D1Database = {
    prepare: (query) => wrapSync(() => session.prepare(query)),
    batch: (statements) => wrapAsync(() => session.batch(statements)),
    exec: (query) => database.exec(query),
    withSession: (next) => database.withSession(next),
    dump: () => database.dump(),
  };
  return { session: drizzle(client), bookmark: () => session.getBookmark() };
}
