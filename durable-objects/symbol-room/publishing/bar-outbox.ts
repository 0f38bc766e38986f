import type { BarEvent, FrameEvent } from "../../symbol-events/symbol-events.ts";

/** The most events that are kept, the newest: as many as wait for an audience. */
const MAX_PENDING_BARS = 1_000;

/**
 * Closed and revised bars, from that moment on until every audience has taken them. Bars have no numbers without holes by which an
 * audience could see that one is missing: a room whose memory goes in between tells them again, and audiences know by their order
 * what they have had.
 */
export interface BarOutbox {
  /** Gives events their order and keeps those of closed bars; belongs into the turn in which it is noted that they have closed. */
  add(events: readonly BarEvent[]): FrameEvent[];
  /** What is kept. */
  pending(): FrameEvent[];
  /** Everyone has taken what came up to this order. */
  clear(order: number): void;
}

/** Opens what a room has not told everyone. */
export function openBarOutbox(sql: SqlStorage): BarOutbox {
  const row = sql.exec<{ last: number }>("select last from bar_order").toArray()[0];
  let last = row?.last ?? 0;
  let first = sql.exec<{ first: number | null }>("select min(number) as first from untold_bars").one().first;

  /** Begins at the clock, so that it is higher than all before it even where those were lost. */
  const next = (): number => {
    last = Math.max(last + 1, Date.now());
    return last;
  };

  const keep = (events: readonly FrameEvent[]): void => {
    for (const event of events.slice(-MAX_PENDING_BARS)) {
      if (!("order" in event)) continue;
      sql.exec("insert into untold_bars (number, event) values (?, ?)", event.order, JSON.stringify(event));
      first ??= event.order;
    }
    sql.exec("insert or replace into bar_order (id, last) values (1, ?)", last);
  };

  return {
    add(events) {
      const ordered = events.map((event) => ({ ...event, order: event.isClosed ? next() : last }));
      const closed = ordered.filter(({ isClosed }) => isClosed);
      if (closed.length > 0) keep(closed);
      return ordered;
    },
    pending() {
      if (first === null) return [];
      const rows = sql.exec<{ event: string }>(
        "select event from untold_bars order by number desc limit ?",
        MAX_PENDING_BARS,
      );
      return rows
        .toArray()
        .reverse()
        .map(({ event }) => JSON.parse(event));
    },
    clear(order) {
      if (first === null || first > order) return;
      sql.exec("delete from untold_bars where number <= ?", order);
      first = sql.exec<{ first: number | null }>("select min(number) as first from untold_bars").one().first;
    },
  };
}
