import type { Adjustment } from "../../../contracts/candle.ts";
import type { ProviderName } from "../../../contracts/provider.ts";
import { type CandleColumns, emptyCandles, NUMBER_FIELDS, sliceCandles } from "../../../core/candles.ts";
import { INTERVALS, type Interval } from "../../../core/interval.ts";

/** One stored series. Provider and adjustment never change inside it. */
export interface Series {
  interval: Interval;
  provider: ProviderName;
  adjustment: Adjustment;
  construction: "provider" | "sampled";
  /** Stamps of its first and last candle. */
  first: number;
  last: number;
}

/** Which rows to read: those stamped within `[from, to)`, at most `limit`, counted from the end if `backward`. */
export interface RowQuery {
  interval: Interval;
  from: number;
  to: number;
  limit: number;
  backward: boolean;
  /** Whether candles that are doubted are read too. */
  includeSuspect: boolean;
}

/** What storing a batch of candles did. */
export interface StoreCounts {
  /** Candles that were not there. */
  stored: number;
  /** Candles that were there with other numbers: now revised, if they were final. */
  replaced: number;
  /** Candles that were there already, to the last digit. */
  unchanged: number;
}

type Row = [number, number | null, number | null, number | null, number | null, number | null, number, number];

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** A room's candles, by interval. */
export class CandleStore {
  readonly #storage: DurableObjectStorage;
  readonly #revised: (interval: Interval, times: readonly number[]) => void;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage, revised: (interval: Interval, times: readonly number[]) => void) {
    this.#storage = storage;
    this.#revised = revised;
    this.#sql = storage.sql;
  }

  series(): Series[] {
    const rows = this.#sql.exec<{
      interval: Interval;
      provider: ProviderName;
      adjustment: Adjustment;
      construction: "provider" | "sampled";
      first: number;
      last: number;
    }>(
      `select interval, provider, adjustment, construction,
           (select min(time) from candles where candles.interval = series.interval) as first,
           (select max(time) from candles where candles.interval = series.interval) as last
         from series where first is not null`,
    );
    return rows.toArray().sort((a, b) => INTERVALS.indexOf(a.interval) - INTERVALS.indexOf(b.interval));
  }

  read(query: RowQuery): CandleColumns {
    const cursor = this.#sql.exec(
      `select time, open, high, low, close, volume, revision, suspect from candles
         where interval = ? and time >= ? and time < ?${query.includeSuspect ? "" : " and suspect = 0"} order by time ${query.backward ? "desc" : "asc"} limit ?`,
      query.interval,
      query.from,
      query.to,
      query.limit,
    );
    const rows = [...cursor.raw<Row>()];
    if (query.backward) rows.reverse();
    return toColumns(rows);
  }

  /** Stores candles of one series; all or nothing. Only a candle that was final can be revised. */
  write(
    series: Omit<Series, "first" | "last">,
    candles: CandleColumns,
    isFinal: (time: number) => boolean,
  ): StoreCounts {
    return this.#storage.transactionSync(() => {
      this.#sql.exec(
        `insert into series (interval, provider, adjustment, construction) values (?, ?, ?, ?)
           on conflict (interval) do nothing`,
        series.interval,
        series.provider,
        series.adjustment,
        series.construction,
      );
      const counts: StoreCounts = { stored: 0, replaced: 0, unchanged: 0 };
      const changed: number[] = [];
      for (let i = 0; i < candles.length; i++) {
        const wasFinal = isFinal(candles.time[i]);
        const done = writeRow(this.#sql, series.interval, candles, i, wasFinal);
        counts[done]++;
        if (done === "replaced" && wasFinal) changed.push(candles.time[i]);
      }
      if (changed.length > 0) this.#revised(series.interval, changed);
      return counts;
    });
  }

  /** Stamps of doubted candles within `[from, to)`, ascending. */
  suspects(interval: Interval, from: number, to: number): number[] {
    return this.#sql
      .exec<{ time: number }>(
        "select time from candles where interval = ? and time >= ? and time < ? and suspect = 1 order by time",
        interval,
        from,
        to,
      )
      .toArray()
      .map(({ time }) => time);
  }

  /** Forgets a series. */
  drop(interval: Interval): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec("delete from candles where interval = ?", interval);
      this.#sql.exec("delete from series where interval = ?", interval);
    });
  }
}

function toColumns(rows: Row[]): CandleColumns {
  const columns = emptyCandles(rows.length);
  for (const [i, row] of rows.entries()) {
    columns.time[i] = row[0];
    NUMBER_FIELDS.forEach((field, f) => {
      columns[field][i] = row[f + 1] ?? Number.NaN;
    });
    columns.revision[i] = row[6];
    columns.suspect[i] = row[7];
  }
  return sliceCandles(columns, 0);
}

function writeRow(
  sql: SqlStorage,
  interval: Interval,
  candles: CandleColumns,
  i: number,
  isFinal: boolean,
): keyof StoreCounts {
  const time = candles.time[i];
  const values = NUMBER_FIELDS.map((field) => known(candles[field][i]));
  const inserted = sql.exec(
    `insert into candles (interval, time, open, high, low, close, volume, suspect) values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (interval, time) do nothing returning time`,
    interval,
    time,
    ...values,
    candles.suspect[i],
  );
  if (inserted.toArray().length > 0) return "stored";
  const revised = sql.exec(
    `update candles set open = ?3, high = ?4, low = ?5, close = ?6, volume = ?7, suspect = ?8, revision = revision + ?9
     where interval = ?1 and time = ?2
       and (open is not ?3 or high is not ?4 or low is not ?5 or close is not ?6 or volume is not ?7)
     returning time`,
    interval,
    time,
    ...values,
    candles.suspect[i],
    isFinal ? 1 : 0,
  );
  if (revised.toArray().length > 0) return "replaced";
  // A flag that came or went is no revision: the numbers stand.
  sql.exec(
    "update candles set suspect = ?3 where interval = ?1 and time = ?2 and suspect is not ?3",
    interval,
    time,
    candles.suspect[i],
  );
  return "unchanged";
}
