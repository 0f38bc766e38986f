import type { Interval } from "../../../../core/interval.ts";
import type { Span } from "../../../../core/spans.ts";
import { BucketRows } from "./bucket-rows.ts";
import type { OriginBook } from "./origin-book.ts";
import type { IsBetter, KeptOrigin } from "./origins.ts";

/** What is done to many of a room's candles, some at a time: what a caller asks for passes in between. */
export class CandleTurns {
  readonly #storage: DurableObjectStorage;
  readonly #origins: OriginBook;
  readonly #changed: (interval: Interval, times: readonly number[]) => void;
  readonly #sql: SqlStorage;
  readonly #rows: BucketRows;

  /** @param changed called with the stamps of closed candles that have changed */
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

  /**
   * Takes candles of an origin away, and what lay under them comes up; some at a time, from a stamp on.
   * @returns the stamp to go on from; null where no more of the interval's candles have the origin
   */
  takeAway(interval: Interval, origin: KeptOrigin, from: number, limit: number, isBetter: IsBetter): number | null {
    return this.#storage.transactionSync(() => {
      const rows = this.#sql
        .exec<{ time: number }>(
          "select time from candles where interval = ?1 and time >= ?2 and iif(origin = 0, ?3, origin) = ?4 order by time limit ?5",
          interval,
          from,
          this.#origins.unmarked(interval),
          origin.id,
          limit,
        )
        .toArray();
      for (const { time } of rows) this.#rows.lift(interval, time, isBetter);
      const to = rows.length < limit ? Number.MAX_SAFE_INTEGER : rows[rows.length - 1].time + 1;
      const covered = this.#dropCovered(interval, origin, { from, to }, limit);
      const next = covered ?? (rows.length < limit ? null : to);
      if (rows.length > 0)
        this.#changed(
          interval,
          rows.map(({ time }) => time),
        );
      if (next === null) this.#origins.drop(interval, origin);
      return next;
    });
  }

  /** Takes covered candles of an origin away; returns the stamp to go on from, null where none is left in the stretch. */
  #dropCovered(interval: Interval, { id }: KeptOrigin, { from, to }: Span, limit: number): number | null {
    const rows = this.#sql
      .exec<{ time: number }>(
        "select time from covered where interval = ? and time >= ? and time < ? and origin = ? order by time limit ?",
        interval,
        from,
        to,
        id,
        limit,
      )
      .toArray();
    if (rows.length === 0) return null;
    const { time } = rows[rows.length - 1];
    this.#sql.exec(
      "delete from covered where interval = ? and origin = ? and time >= ? and time <= ?",
      interval,
      id,
      from,
      time,
    );
    return rows.length < limit ? null : time + 1;
  }

  /** Takes the served candles of some buckets away, and what lay under them comes up. */
  lift(interval: Interval, times: readonly number[], isBetter: IsBetter): void {
    if (times.length === 0) return;
    this.#storage.transactionSync(() => {
      for (const time of times) this.#rows.lift(interval, time, isBetter);
      this.#changed(interval, times);
    });
  }

  /**
   * Puts the better of the candles of each bucket on top, where imports lie under others or above them; some at a time.
   * @returns the stamp to go on from; null where nothing is left
   */
  rank(interval: Interval, from: number, limit: number, isBetter: IsBetter): number | null {
    return this.#storage.transactionSync(() => {
      const rows = this.#sql
        .exec<{ time: number }>(
          "select distinct time from covered where interval = ? and time >= ? order by time limit ?",
          interval,
          from,
          limit,
        )
        .toArray();
      const changed = rows.filter(({ time }) => this.#rows.exchange(interval, time, isBetter)).map(({ time }) => time);
      if (changed.length > 0) this.#changed(interval, changed);
      return rows.length < limit ? null : rows[rows.length - 1].time + 1;
    });
  }

  /**
   * Deletes served candles of an origin that were fetched before `fetchedBefore` and are stamped within a stretch; some at a time.
   * @returns the stretch that was looked at; null where none was deleted
   */
  prune(interval: Interval, origin: KeptOrigin, span: Span, fetchedBefore: number, limit: number): Span | null {
    const times = this.#sql
      .exec<{ time: number }>(
        `delete from candles where interval = ?1 and time in (select time from candles where interval = ?1 and time >= ?2 and time < ?3
           and iif(origin = 0, ?4, origin) = ?5 and coalesce(fetched_at, 0) < ?6 order by time limit ?7) returning time`,
        interval,
        span.from,
        span.to,
        this.#origins.unmarked(interval),
        origin.id,
        fetchedBefore,
        limit,
      )
      .toArray()
      .map(({ time }) => time);
    return times.length === 0
      ? null
      : { from: times.reduce((a, b) => Math.min(a, b)), to: times.reduce((a, b) => Math.max(a, b)) + 1 };
  }
}
