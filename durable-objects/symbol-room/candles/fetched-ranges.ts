import type { Interval } from "../../../core/interval.ts";
import { addSpan, type Span } from "../../../core/spans.ts";

/** Which stretches of each interval were fetched from a provider, whatever was in them. */
export class FetchedRanges {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  of(interval: Interval): Span[] {
    return this.#sql
      .exec<{ opens: number; closes: number }>(
        "select opens, closes from ingested where interval = ? order by opens",
        interval,
      )
      .toArray()
      .map(({ opens, closes }) => ({ from: opens, to: closes }));
  }

  clear(interval: Interval): void {
    this.#sql.exec("delete from ingested where interval = ?", interval);
  }

  add(interval: Interval, span: Span): void {
    const spans = addSpan(this.of(interval), span);
    this.clear(interval);
    for (const { from, to } of spans) {
      this.#sql.exec("insert into ingested (interval, opens, closes) values (?, ?, ?)", interval, from, to);
    }
  }
}
