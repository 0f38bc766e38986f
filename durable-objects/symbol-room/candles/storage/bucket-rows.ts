import { type CandleColumns, NUMBER_FIELDS } from "../../../../core/candles.ts";
import type { Interval } from "../../../../core/interval.ts";
import type { OriginBook } from "./origin-book.ts";
import type { IsBetter, KeptOrigin } from "./origins.ts";

/** Candles of one interval and origin that are stored. */
export interface StoredBatch {
  interval: Interval;
  origin: KeptOrigin;
  /** Ascending. */
  candles: CandleColumns;
  /** Unix seconds. */
  fetchedAt: number;
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

/** The numbers of a candle, in the order of NUMBER_FIELDS. */
export type Numbers = [number | null, number | null, number | null, number | null, number | null];
type ServedRow = [...Numbers, number, number, number | null];

/** A candle as it is stored: its numbers, the number of its origin, whether it is doubted, and when it was fetched. */
export interface StoredCandle {
  row: ServedRow;
  origin: KeptOrigin;
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** What writing a row did: `covered` is a candle that is kept under a better one, `left` one that is not kept, for the same or a better one is there. */
type Written = keyof StoreCounts | "covered" | "left";

/** The candles of single buckets: the one that is served, and those that lie under it because an import displaced them, or is displaced. */
export class BucketRows {
  readonly #sql: SqlStorage;
  readonly #origins: OriginBook;

  constructor(sql: SqlStorage, origins: OriginBook) {
    this.#sql = sql;
    this.#origins = origins;
  }

  /** The candle that is served of a bucket; null if there is none. */
  served(interval: Interval, time: number): StoredCandle | null {
    const row = [
      ...this.#sql
        .exec(
          "select open, high, low, close, volume, origin, suspect, fetched_at from candles where interval = ? and time = ?",
          interval,
          time,
        )
        .raw<ServedRow>(),
    ][0];
    return row ? { row, origin: this.#origins.get(row[5] || this.#origins.unmarked(interval)) } : null;
  }

  /** Writes a candle of a batch over what is served of its bucket, or under it. */
  write(
    { interval, origin, candles, fetchedAt }: StoredBatch,
    i: number,
    served: StoredCandle | null,
    isBetter: IsBetter,
    isFinal: boolean,
  ): Written {
    const time = candles.time[i];
    const numbers = NUMBER_FIELDS.map((field) => known(candles[field][i]));
    const suspect = candles.suspect[i];
    if (!served) {
      this.#sql.exec(
        `insert into candles (interval, time, open, high, low, close, volume, suspect, origin, fetched_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        interval,
        time,
        ...numbers,
        suspect,
        origin.id,
        fetchedAt,
      );
      return "stored";
    }
    const isSame = numbers.every((value, n) => value === served.row[n]);
    const isOwn = served.origin.id === origin.id;
    const [isImport, wasImport] = [origin.provider === "import", served.origin.provider === "import"];
    const touchesImport = isImport || wasImport;
    const isAlike = (isImport && wasImport) || (touchesImport && served.origin.adjustment === origin.adjustment);
    if (isSame && (isOwn || isAlike)) {
      this.#sql.exec(
        "update candles set suspect = ?3 where interval = ?1 and time = ?2 and suspect is not ?3",
        interval,
        time,
        suspect,
      );
      return isOwn ? "unchanged" : "left";
    }
    if (!isOwn && isBetter(served.origin, origin)) {
      if (!touchesImport) return "left";
      this.#cover(interval, time, origin.id, numbers, suspect, fetchedAt);
      return "covered";
    }
    if (!isOwn && touchesImport) {
      const [open, high, low, close, volume, , wasSuspect, wasFetchedAt] = served.row;
      this.#cover(interval, time, served.origin.id, [open, high, low, close, volume], wasSuspect, wasFetchedAt);
      this.#dropCovered(interval, time, origin.id);
    }
    this.#replace(interval, time, numbers, suspect, origin.id, fetchedAt, isFinal && !isSame);
    return isSame ? "unchanged" : "replaced";
  }

  #replace(
    interval: Interval,
    time: number,
    numbers: readonly (number | null)[],
    suspect: number,
    origin: number,
    fetchedAt: number | null,
    isRevision: boolean,
  ): void {
    this.#sql.exec(
      `update candles set open = ?3, high = ?4, low = ?5, close = ?6, volume = ?7, suspect = ?8, origin = ?9, fetched_at = ?10,
         revision = revision + ?11 where interval = ?1 and time = ?2`,
      interval,
      time,
      ...numbers,
      suspect,
      origin,
      fetchedAt,
      isRevision ? 1 : 0,
    );
  }

  #cover(
    interval: Interval,
    time: number,
    origin: number,
    numbers: readonly (number | null)[],
    suspect: number,
    fetchedAt: number | null,
  ): void {
    this.#sql.exec(
      `insert or replace into covered (interval, time, origin, open, high, low, close, volume, suspect, fetched_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      interval,
      time,
      origin,
      ...numbers,
      suspect,
      fetchedAt,
    );
  }

  /** The best candle that lies under the one that is served. */
  #best(interval: Interval, time: number, isBetter: IsBetter): StoredCandle | null {
    const rows = [
      ...this.#sql
        .exec(
          "select open, high, low, close, volume, origin, suspect, fetched_at from covered where interval = ? and time = ?",
          interval,
          time,
        )
        .raw<ServedRow>(),
    ].map((row) => ({ row, origin: this.#origins.get(row[5]) }));
    return rows.reduce<(typeof rows)[number] | null>(
      (best, each) => (best === null || isBetter(each.origin, best.origin) ? each : best),
      null,
    );
  }

  #uncover(interval: Interval, time: number, { row, origin }: StoredCandle): void {
    const [open, high, low, close, volume, , suspect, fetchedAt] = row;
    this.#replace(interval, time, [open, high, low, close, volume], suspect, origin.id, fetchedAt, true);
    this.#dropCovered(interval, time, origin.id);
  }

  #dropCovered(interval: Interval, time: number, origin: number): void {
    this.#sql.exec("delete from covered where interval = ? and time = ? and origin = ?", interval, time, origin);
  }

  /** Takes the candle that is served away; the best that lies under it comes up. */
  lift(interval: Interval, time: number, isBetter: IsBetter): void {
    const best = this.#best(interval, time, isBetter);
    if (best) this.#uncover(interval, time, best);
    else this.#sql.exec("delete from candles where interval = ? and time = ?", interval, time);
  }

  /** Serves the best candle that lies under one, if it is better; returns whether it was. */
  exchange(interval: Interval, time: number, isBetter: IsBetter): boolean {
    const [served, best] = [this.served(interval, time), this.#best(interval, time, isBetter)];
    if (!served || !best || !isBetter(best.origin, served.origin)) return false;
    const [open, high, low, close, volume, , suspect, fetchedAt] = served.row;
    this.#uncover(interval, time, best);
    this.#cover(interval, time, served.origin.id, [open, high, low, close, volume], suspect, fetchedAt);
    return true;
  }
}
