import { marketOf } from "../../core/market-calendar/markets.ts";
import type { Pollable } from "../../core/scheduling/polling-plan.ts";
import type { Failure, Listing } from "../../providers/provider.ts";

/** A symbol that a room with live subscribers wants to be asked for. */
export interface Watch {
  listing: Listing;
  /** When the lease ends unless the room renews it, unix seconds. */
  until: number;
  askedAt: number | null;
  /** Why the last question failed; null where it did not. */
  failing: Failure | null;
}

/** The symbols that are watched. Leases are kept in the database; how polls went only in memory. */
export interface WatchList {
  /** Begins or renews a lease. */
  renew(listing: Listing, until: number): Watch;
  end(symbol: string): void;
  /** Ends the leases that were not renewed; `longest` is a lease's whole length (seconds), and none lasts longer from now. */
  endExpired(now: number, maxLease: number): void;
  /** Tells when a symbol was last asked for, and how that ended. */
  recordPoll(symbol: string, failing: Failure | null, askedAt: number | null): void;
  /** Leases that run at `now`. */
  running(now: number): Watch[];
}

/** What the plan needs to know of a watch. */
export function pollableOf({ listing, askedAt }: Watch, now: number): Pollable {
  const { symbol, primary_exchange } = listing.instrument;
  // The clock was set back: nothing is known of how long ago it was.
  const isAhead = askedAt !== null && askedAt > now;
  return { symbol, market: marketOf(primary_exchange), demand: "watched", askedAt: isAhead ? null : askedAt };
}

/** Opens a gate's watch list. */
export function openWatchList(sql: SqlStorage): WatchList {
  const rows = sql.exec<{ symbol: string; listing: string; until: number; asked_at: number | null }>(
    "select symbol, listing, until, asked_at from watches",
  );
  const watches = new Map<string, Watch>();
  for (const { symbol, listing, until, asked_at } of rows) {
    watches.set(symbol, { listing: JSON.parse(listing) as Listing, until, askedAt: asked_at, failing: null });
  }
  const end = (symbol: string): void => {
    if (watches.delete(symbol)) sql.exec("delete from watches where symbol = ?", symbol);
  };
  const shorten = (symbol: string, watch: Watch, until: number): void => {
    watches.set(symbol, { ...watch, until });
    sql.exec("update watches set until = ? where symbol = ?", until, symbol);
  };
  return {
    renew(listing, until) {
      const { symbol } = listing.instrument;
      const before = watches.get(symbol);
      const watch = { listing, until, askedAt: before?.askedAt ?? null, failing: before?.failing ?? null };
      watches.set(symbol, watch);
      sql.exec(
        "insert or replace into watches (symbol, listing, until, asked_at) values (?, ?, ?, ?)",
        symbol,
        JSON.stringify(listing),
        until,
        watch.askedAt,
      );
      return watch;
    },
    end,
    endExpired(now, longest) {
      for (const [symbol, watch] of watches) {
        if (watch.until <= now) end(symbol);
        else if (watch.until > now + longest) shorten(symbol, watch, now + longest);
      }
    },
    recordPoll(symbol, failing, askedAt) {
      const watch = watches.get(symbol);
      if (watch) watches.set(symbol, { ...watch, failing, askedAt });
    },
    running: (now) => [...watches.values()].filter(({ until }) => until > now),
  };
}
