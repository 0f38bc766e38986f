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

/** What the plan needs to know of a watch. */
export function pollableOf({ listing, askedAt }: Watch, now: number): Pollable {
  const { symbol, primary_exchange } = listing.instrument;
  // The clock was set back: nothing is known of how long ago it was.
  const isAhead = askedAt !== null && askedAt > now;
  return { symbol, market: marketOf(primary_exchange), demand: "watched", askedAt: isAhead ? null : askedAt };
}

/** The symbols that are watched. Leases are kept in the database; how polls went only in memory. */
export class WatchList {
  readonly #sql: SqlStorage;
  readonly #watches = new Map<string, Watch>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = this.#sql.exec<{ symbol: string; listing: string; until: number; asked_at: number | null }>(
      "select symbol, listing, until, asked_at from watches",
    );
    for (const { symbol, listing, until, asked_at } of rows) {
      this.#watches.set(symbol, { listing: JSON.parse(listing) as Listing, until, askedAt: asked_at, failing: null });
    }
  }

  /** Begins or renews a lease. */
  renew(listing: Listing, until: number): Watch {
    const { symbol } = listing.instrument;
    const before = this.#watches.get(symbol);
    const watch = { listing, until, askedAt: before?.askedAt ?? null, failing: before?.failing ?? null };
    this.#watches.set(symbol, watch);
    this.#sql.exec(
      "insert or replace into watches (symbol, listing, until, asked_at) values (?, ?, ?, ?)",
      symbol,
      JSON.stringify(listing),
      until,
      watch.askedAt,
    );
    return watch;
  }

  end(symbol: string): void {
    if (this.#watches.delete(symbol)) this.#sql.exec("delete from watches where symbol = ?", symbol);
  }

  /** Ends the leases that were not renewed; `longest` is a lease's whole length (seconds), and none lasts longer from now. */
  endExpired(now: number, maxSeconds: number): void {
    for (const [symbol, watch] of this.#watches) {
      if (watch.until <= now) this.end(symbol);
      else if (watch.until > now + maxSeconds) this.#shorten(symbol, watch, now + maxSeconds);
    }
  }

  /** Says when a symbol was last asked for, and how that ended. */
  recordPoll(symbol: string, lastFailure: Failure | null, askedAt: number | null): void {
    const watch = this.#watches.get(symbol);
    if (watch) this.#watches.set(symbol, { ...watch, failing: lastFailure, askedAt });
  }

  /** Leases that run at `now`. */
  running(now: number): Watch[] {
    return [...this.#watches.values()].filter(({ until }) => until > now);
  }

  #shorten(symbol: string, watch: Watch, until: number): void {
    this.#watches.set(symbol, { ...watch, until });
    this.#sql.exec("update watches set until = ? where symbol = ?", until, symbol);
  }
}
