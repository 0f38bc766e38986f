import type { CandleColumns } from "../../../../core/candles.ts";
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

/** What writing a row does: `covered` is a candle that is kept under a better one, `left` one that is not kept, for the same or a better one is there. */
export type Written = keyof StoreCounts | "covered" | "left";

/** The numbers of a candle in columns. */
const numbersAt = (candles: CandleColumns, i: number): Numbers => [
  known(candles.open[i]),
  known(candles.high[i]),
  known(candles.low[i]),
  known(candles.close[i]),
  known(candles.volume[i]),
];

/** Where a row says whether it is flagged. */
const SUSPECT = 6;

const isSame = ({ row }: StoredCandle, numbers: Numbers): boolean => numbers.every((value, n) => value === row[n]);

const touchesImport = (one: KeptOrigin, other: KeptOrigin): boolean =>
  one.provider === "import" || other.provider === "import";

/**
 * Whether a candle with the same numbers is no other candle, whichever of two origins it has: both are imports, or one is and says of its
 * prices what the other one does, or does not know.
 */
export function isAlike(stored: KeptOrigin, sent: KeptOrigin): boolean {
  if (stored.provider === "import" && sent.provider === "import") return true;
  const isImport = sent.provider === "import";
  return (
    touchesImport(stored, sent) &&
    (stored.adjustment === sent.adjustment || (isImport && sent.adjustment === "unknown"))
  );
}

/** What writing a candle over a served one would do; `taken` is one whose numbers stay, and whose origin becomes the new one. */
function judge(served: StoredCandle, origin: KeptOrigin, numbers: Numbers, isBetter: IsBetter): Written | "taken" {
  const same = isSame(served, numbers);
  const isOwn = served.origin.id === origin.id;
  if (same && isOwn) return "unchanged";
  if (same && isAlike(served.origin, origin)) return "left";
  if (!isOwn && isBetter(served.origin, origin)) return touchesImport(served.origin, origin) ? "covered" : "left";
  return same ? "taken" : "replaced";
}

/** What writing a candle would do, by the one that is served of its bucket. */
export function outcomeOf(
  served: StoredCandle | null,
  origin: KeptOrigin,
  candles: CandleColumns,
  i: number,
  isBetter: IsBetter,
): Written {
  if (!served) return "stored";
  const done = judge(served, origin, numbersAt(candles, i), isBetter);
  return done === "taken" ? "unchanged" : done;
}

const SERVED =
  "select time, open, high, low, close, volume, origin, suspect, fetched_at from candles where interval = ?";

/** Rows of one statement, which may have a hundred parameters. */
const ROWS_AT_ONCE = 13;
const insertOf = (rows: number): string =>
  `insert into candles (interval, origin, fetched_at, time, open, high, low, close, volume, suspect) values ${Array.from(
    { length: rows },
    (_, row) => `(?1, ?2, ?3, ${Array.from({ length: 7 }, (__, n) => `?${4 + 7 * row + n}`).join(", ")})`,
  ).join(", ")}`;
const INSERT_ONE = insertOf(1);
const INSERT_MANY = insertOf(ROWS_AT_ONCE);

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
    const [row] = this.#sql.exec(`${SERVED} and time = ?`, interval, time).raw<[number, ...ServedRow]>();
    return row ? this.#stored(interval, row)[1] : null;
  }

  /**
   * The candles that are served of the buckets of a batch. They are read at once where the stretch of the batch has few others, else one by one.
   * @param candles ascending
   */
  servedAt(interval: Interval, { time, length }: CandleColumns): (time: number) => StoredCandle | null {
    const limit = 2 * length + 100;
    const cursor = this.#sql.exec(
      `${SERVED} and time >= ? and time <= ? limit ?`,
      interval,
      time[0],
      time[length - 1],
      limit,
    );
    const rows = [...cursor.raw<[number, ...ServedRow]>()];
    if (rows.length === limit) return (at) => this.served(interval, at);
    const byTime = new Map(rows.map((row) => this.#stored(interval, row)));
    return (at) => byTime.get(at) ?? null;
  }

  #stored(interval: Interval, [time, ...row]: [number, ...ServedRow]): [number, StoredCandle] {
    return [time, { row, origin: this.#origins.get(row[5] || this.#origins.unmarked(interval)) }];
  }

  /** Stores candles of a batch in buckets that have none. */
  insert({ interval, origin, candles, fetchedAt }: StoredBatch, indices: readonly number[]): void {
    for (let start = 0; start < indices.length; ) {
      const rows = indices.length - start >= ROWS_AT_ONCE ? ROWS_AT_ONCE : 1;
      const values = indices
        .slice(start, start + rows)
        .flatMap((i) => [candles.time[i], ...numbersAt(candles, i), candles.suspect[i]]);
      this.#sql.exec(rows === 1 ? INSERT_ONE : INSERT_MANY, interval, origin.id, fetchedAt, ...values);
      start += rows;
    }
  }

  /** Writes a candle of a batch over the one that is served of its bucket, or under it. */
  write(batch: StoredBatch, i: number, served: StoredCandle, isBetter: IsBetter, isFinal: boolean): Written {
    const { interval, origin, candles, fetchedAt } = batch;
    const time = candles.time[i];
    const numbers = numbersAt(candles, i);
    const suspect = candles.suspect[i];
    const done = judge(served, origin, numbers, isBetter);
    if (done === "unchanged" || done === "left") {
      if (served.row[SUSPECT] === suspect) return done;
      if (done === "left" && !(isSame(served, numbers) && isAlike(served.origin, origin))) return done;
      this.#sql.exec("update candles set suspect = ?3 where interval = ?1 and time = ?2", interval, time, suspect);
      return done;
    }
    if (done === "covered") {
      this.#cover(interval, time, origin.id, numbers, suspect, fetchedAt);
      return done;
    }
    if (served.origin.id !== origin.id && touchesImport(served.origin, origin)) {
      const [open, high, low, close, volume, , wasSuspect, wasFetchedAt] = served.row;
      this.#cover(interval, time, served.origin.id, [open, high, low, close, volume], wasSuspect, wasFetchedAt);
      this.#dropCovered(interval, time, origin.id);
    }
    this.#replace(interval, time, numbers, suspect, origin.id, fetchedAt, isFinal && done === "replaced");
    return done === "taken" ? "unchanged" : done;
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
