import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { reachingAtOnce, reachingDatabase } from "./failures.ts";

/** The registry's database within one D1 session: reads may come from a near replica, in an order that never goes back. */
export interface Registry {
  db: DrizzleD1Database;
  /** Where the session stands; a later session that starts from it sees everything this one did. */
  bookmark(): string | null;
}

/** One statement of a batch that stands or falls as a whole. */
export type Statement = BatchItem<"sqlite">;

/** D1's own bookmarks look like this; anything else a client sends is not passed on. */
const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/** Opens a session that may read from the nearest replica, not older than `bookmark` where one is given. */
export function readRegistry(database: D1Database, bookmark?: string): Registry {
  return open(database, bookmark && BOOKMARK.test(bookmark) ? bookmark : "first-unconstrained");
}

/** Opens a session that begins at the primary, for writes and for reads that must see the latest. */
export function writeRegistry(database: D1Database): Registry {
  return open(database, "first-primary");
}

function open(database: D1Database, constraint: string): Registry {
  const session = reachingAtOnce(() => database.withSession(constraint));
  const client: D1Database = {
    prepare: (query) => reachingAtOnce(() => session.prepare(query)),
    batch: (statements) => reachingDatabase(() => session.batch(statements)),
    exec: (query) => database.exec(query),
    withSession: (next) => database.withSession(next),
    dump: () => database.dump(),
  };
  return { db: drizzle(client), bookmark: () => session.getBookmark() };
}
