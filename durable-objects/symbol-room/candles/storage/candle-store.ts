import { COMMON_BUCKETS, type CommonClose } from "../../../../core/candle-series/splice.ts";
import { type CandleColumns, emptyCandles, NUMBER_FIELDS, sliceCandles } from "../../../../core/candles.ts";
import type { Interval } from "../../../../core/interval.ts";
import type { Span } from "../../../../core/spans.ts";
import {
  BucketRows,
  type Numbers,
  outcomeOf,
  type StoreCounts,
  type StoredBatch,
  type StoredCandle,
} from "./bucket-rows.ts";
import type { OriginBook } from "./origin-book.ts";
import type { IsBetter, KeptOrigin } from "./origins.ts";

/** Which rows to read: those stamped within `[from, to)`, at most `limit`, counted from the end if `backward`. */
export interface RowQuery {
  interval: Interval;
  from: number;
  to: number;
  limit: number;
  backward: boolean;
  /** Whether candles that are doubted are read too. Imported ones are never held back. */
  includeSuspect: boolean;
}

/** Candles that are not read: those of a part of the series within a stretch of stamps. */
export interface Hidden extends Span {
  part: number;
}

/** Closes of buckets that other parts have too, by part. */
export type CommonCloses = ReadonlyMap<number, readonly CommonClose[]>;

/** What storing did, and what was learnt of how the candles fit those of other parts: closes of buckets that both have, by part. */
export interface StoreResult extends StoreCounts {
  common: CommonCloses;
}

/** Further back or ahead than any stamp. */
const FAR = 8.64e12;

type Row = [number, ...Numbers, number, number, number];

/** A room's candles, by interval: the ones that are served, and beneath them what imports displaced. */
export class CandleStore {
  readonly #storage: DurableObjectStorage;
  readonly #origins: OriginBook;
  readonly #changed: (interval: Interval, times: readonly number[]) => void;
  readonly #sql: SqlStorage;
  readonly #rows: BucketRows;

  /** @param changed called with the stamps of closed candles that have changed, or have come late */
  constructor(
    storage: DurableObjectStorage,
    origins: OriginBook,
    changed: (interval: Interval, times: readonly number[]) => void,
  ) {
    this.#storage = storage;
    this.#origins = origins;
    this.#changed = changed;
    this.#sql = storage.sql;
    this.#rows = new BucketRows(storage.sql, origins);
  }

  read(query: RowQuery, hidden: readonly Hidden[] = []): CandleColumns {
    const { interval, from, to, limit, backward, includeSuspect } = query;
    const unmarked = this.#origins.unmarked(interval);
    const suspects = includeSuspect
      ? ""
      : " and (suspect = 0 or iif(origin = 0, ?5, origin) in (select id from origins where provider = 'import'))";
    const parts = hidden.map(
      (_, i) =>
        ` and not (time >= ?${6 + 3 * i} and time < ?${7 + 3 * i} and iif(origin = 0, ?5, origin) in (select id from origins where part = ?${8 + 3 * i}))`,
    );
    const cursor = this.#sql.exec(
      `select time, open, high, low, close, volume, revision, suspect, iif(origin = 0, ?5, origin) from candles
         where interval = ?1 and time >= ?2 and time < ?3${suspects}${parts.join("")} order by time ${backward ? "desc" : "asc"} limit ?4`,
      interval,
      from,
      to,
      limit,
      unmarked,
      ...hidden.flatMap((each) => [each.from, each.to, each.part]),
    );
    const rows = [...cursor.raw<Row>()];
    if (backward) rows.reverse();
    return toColumns(rows);
  }

  /** Reads the candles of one part of the series alone. */
  readPart(query: RowQuery, part: number): CandleColumns {
    const others = this.#origins.stretches(query.interval).map(({ origin }) => origin.part);
    const hidden = [...new Set(others)].filter((each) => each !== part);
    return this.read(
      query,
      hidden.map((each) => ({ part: each, from: -FAR, to: FAR })),
    );
  }

  /** Stores candles of one origin; all or nothing. Only a candle that was final can be revised. */
  write(batch: StoredBatch, isBetter: IsBetter, isFinal: (time: number) => boolean): StoreResult {
    const { interval, origin, candles } = batch;
    if (candles.length === 0) return { stored: 0, replaced: 0, unchanged: 0, common: new Map() };
    return this.#storage.transactionSync(() => {
      const before = this.#extent(interval);
      const counts = { stored: 0, replaced: 0, unchanged: 0, covered: 0, left: 0 };
      const changed: number[] = [];
      const common = new Map<number, CommonClose[]>();
      let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const servedAt = this.#rows.servedAt(interval, candles);
      const fresh: number[] = [];
      for (let i = 0; i < candles.length; i++) {
        const time = candles.time[i];
        const wasFinal = isFinal(time);
        const served = servedAt(time);
        if (served) this.#compare(served, origin, candles.close[i], common);
        else fresh.push(i);
        const done = served ? this.#rows.write(batch, i, served, isBetter, wasFinal) : "stored";
        counts[done]++;
        const cameLate = done === "stored" && before !== null && time > before.from && time < before.to;
        if ((done === "replaced" && wasFinal) || cameLate) changed.push(time);
        if (done === "left") continue;
        first = Math.min(first, time);
        last = Math.max(last, time);
      }
      this.#rows.insert(batch, fresh);
      if (first <= last) this.#origins.extend(interval, origin, first, last);
      if (changed.length > 0) this.#changed(interval, changed);
      const { stored, replaced, unchanged, covered, left } = counts;
      return { stored: stored + covered, replaced, unchanged: unchanged + left, common };
    });
  }

  /** What storing candles would do to them; nothing is stored. */
  outcome({ interval, origin, candles }: StoredBatch, isBetter: IsBetter): StoreCounts {
    const counts = { stored: 0, replaced: 0, unchanged: 0, covered: 0, left: 0 };
    if (candles.length === 0) return counts;
    const servedAt = this.#rows.servedAt(interval, candles);
    for (let i = 0; i < candles.length; i++) {
      counts[outcomeOf(servedAt(candles.time[i]), origin, candles, i, isBetter)]++;
    }
    const { stored, replaced, unchanged, covered, left } = counts;
    return { stored: stored + covered, replaced, unchanged: unchanged + left };
  }

  /** Marks or unmarks stored candles as doubted: no revision, for the numbers stand. */
  mark(interval: Interval, candles: CandleColumns, suspect: Uint8Array): void {
    for (let i = 0; i < candles.length; i++) {
      if (candles.suspect[i] === suspect[i]) continue;
      this.#sql.exec(
        "update candles set suspect = ?3 where interval = ?1 and time = ?2",
        interval,
        candles.time[i],
        suspect[i],
      );
    }
  }

  /** Stamps of doubted candles within `[from, to)` that are held back, ascending. */
  suspects(interval: Interval, from: number, to: number): number[] {
    return this.#sql
      .exec<{ time: number }>(
        `select time from candles where interval = ? and time >= ? and time < ? and suspect = 1
           and iif(origin = 0, ?, origin) not in (select id from origins where provider = 'import') order by time`,
        interval,
        from,
        to,
        this.#origins.unmarked(interval),
      )
      .toArray()
      .map(({ time }) => time);
  }

  /** Whether there is a candle of an interval that is stamped within a stretch. */
  hasAny(interval: Interval, { from, to }: Span): boolean {
    const rows = this.#sql.exec(
      "select 1 from candles where interval = ? and time >= ? and time < ? limit 1",
      interval,
      from,
      to,
    );
    return rows.toArray().length > 0;
  }

  /** Stamps of the first and the last candle that is served of an interval; null where there is none. */
  #extent(interval: Interval): Span | null {
    const row = this.#sql
      .exec<{ from: number | null; to: number | null }>(
        `select (select min(time) from candles where interval = ?1) as "from", (select max(time) from candles where interval = ?1) as "to"`,
        interval,
      )
      .one();
    return row.from === null || row.to === null ? null : { from: row.from, to: row.to };
  }

  #compare(served: StoredCandle, origin: KeptOrigin, close: number, common: Map<number, CommonClose[]>): void {
    const { part, id } = served.origin;
    if (id === origin.id || served.row[3] === null || Number.isNaN(close)) return;
    const closes = common.get(part) ?? [];
    closes.push({ one: served.row[3], other: close });
    common.set(part, closes.slice(-COMMON_BUCKETS));
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
    columns.origin[i] = row[8];
  }
  return sliceCandles(columns, 0);
}
