import type { Interval } from "../../../core/interval.ts";
import { addSpan, type Span } from "../../../core/spans.ts";

/** Which stretches of each interval were fetched from a provider, whatever was in them. */
export interface FetchedRanges {
  of(interval: Interval): Span[];
  add(interval: Interval, span: Span): void;
  clear(interval: Interval): void;
}

/** Opens a room's record of what was fetched. */
export function openFetchedRanges(sql: SqlStorage): FetchedRanges {
  const of = (interval: Interval): Span[] =>
    sql
      .exec<{ opens: number; closes: number }>(
        "select opens, closes from ingested where interval = ? order by opens",
        interval,
      )
      .toArray()
      .map(({ opens, closes }) => ({ from: opens, to: closes }));
  const clear = (interval: Interval): void => {
    sql.exec("delete from ingested where interval = ?", interval);
  };
  return {
    of,
    clear,
    add(interval, span) {
      const spans = addSpan(of(interval), span);
      clear(interval);
      for (const { from, to } of spans) {
        sql.exec("insert into ingested (interval, opens, closes) values (?, ?, ?)", interval, from, to);
      }
    },
  };
}
