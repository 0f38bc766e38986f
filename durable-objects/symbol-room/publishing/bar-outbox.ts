import type { BarEvent, FrameEvent } from "../../symbol-events/symbol-events.ts";

/** The most events that are kept, the newest: as many as wait for a hub. */
const MAX_PENDING_BARS = 1_000;

/**
 * Closed and revised bars, from that moment on until every hub has taken them. Bars have no numbers without gap by which an
 * hub could see that one is missing: a room whose memory goes in between publishes them again, and hubs know by their order
 * what they have had.
 */
export class BarOutbox {
  readonly #sql: SqlStorage;
  #last: number;
  #first: number | null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const row = this.#sql.exec<{ last: number }>("select last from bar_order").toArray()[0];
    this.#last = row?.last ?? 0;
    this.#first = sql.exec<{ first: number | null }>("select min(number) as first from untold_bars").one().first;
  }

  /** Numbers events and keeps those of closed bars; runs in the turn in which it is recorded that they have closed. */
  add(events: readonly BarEvent[]): FrameEvent[] {
    const ordered = events.map((event) => ({ ...event, order: event.isClosed ? this.#next() : this.#last }));
    const closed = ordered.filter(({ isClosed }) => isClosed);
    if (closed.length > 0) this.#keep(closed);
    return ordered;
  }

  /** What is kept. */
  pending(): FrameEvent[] {
    if (this.#first === null) return [];
    const rows = this.#sql.exec<{ event: string }>(
      "select event from untold_bars order by number desc limit ?",
      MAX_PENDING_BARS,
    );
    return rows
      .toArray()
      .reverse()
      .map(({ event }) => JSON.parse(event));
  }

  /** Everyone has taken what came up to this order. */
  clear(order: number): void {
    if (this.#first === null || this.#first > order) return;
    this.#sql.exec("delete from untold_bars where number <= ?", order);
    this.#first = this.#sql.exec<{ first: number | null }>("select min(number) as first from untold_bars").one().first;
  }

  /** Begins at the clock, so that it is higher than all before it even where those were lost. */
  #next(): number {
    this.#last = Math.max(this.#last + 1, Date.now());
    return this.#last;
  }

  #keep(events: readonly FrameEvent[]): void {
    for (const event of events.slice(-MAX_PENDING_BARS)) {
      if (!("order" in event)) continue;
      this.#sql.exec("insert into untold_bars (number, event) values (?, ?)", event.order, JSON.stringify(event));
      this.#first ??= event.order;
    }
    this.#sql.exec("insert or replace into bar_order (id, last) values (1, ?)", this.#last);
  }
}
