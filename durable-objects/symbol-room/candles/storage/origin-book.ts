import type { Origin } from "../../../../contracts/candle.ts";
import type { Interval } from "../../../../core/interval.ts";
import { type KeptOrigin, keptOrigin, type OriginFacts, type OriginRow, type Stretch } from "./origins.ts";

/** The origins of a room's candles, and which stretches of each interval have them. Read once; written through. */
export class OriginBook {
  readonly #sql: SqlStorage;
  readonly #origins = new Map<number, KeptOrigin>();
  readonly #stretches = new Map<string, Stretch>();
  readonly #unmarked: Map<Interval, number>;
  /** Grows with whatever may change what is shown where. */
  #generation = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const row of sql.exec<OriginRow>("select * from origins order by id")) {
      this.#origins.set(row.id, keptOrigin(row));
    }
    const rows = sql.exec<{ interval: Interval; origin: number }>("select interval, origin from unmarked");
    this.#unmarked = new Map(rows.toArray().map(({ interval, origin }) => [interval, origin]));
    this.#readStretches();
  }

  generation(): number {
    return this.#generation;
  }

  all(): KeptOrigin[] {
    return [...this.#origins.values()];
  }

  /** The origin with a number that candles have. */
  get(id: number): KeptOrigin {
    const origin = this.#origins.get(id);
    if (!origin) throw new Error("candles have an origin that their room does not know");
    return origin;
  }

  /** The number of the origin of an interval's rows that have none of their own; 0 where all have. */
  unmarked(interval: Interval): number {
    return this.#unmarked.get(interval) ?? 0;
  }

  /** The origin with these facts; it is made if there is none. An import has one origin, whatever its adjustment was. */
  of(facts: OriginFacts): KeptOrigin {
    const found = this.all().find(
      (each) =>
        each.provider === facts.provider &&
        each.importId === facts.importId &&
        (facts.importId !== null ||
          (each.adjustment === facts.adjustment &&
            each.construction === facts.construction &&
            each.volumeUnit === facts.volumeUnit)),
    );
    if (found) return found;
    const id = this.#sql
      .exec<{ id: number }>(
        `insert into origins (provider, import_id, interval, adjustment, adjusted_as_of, construction, volume_unit, part, turn)
         values (?, ?, ?, ?, ?, ?, ?, 0, 0) returning id`,
        facts.provider,
        facts.importId,
        facts.interval,
        facts.adjustment,
        facts.adjustedAsOf,
        facts.construction,
        facts.volumeUnit,
      )
      .one().id;
    return this.#save({ ...facts, id, part: id, turn: this.#nextTurn() });
  }

  /** Makes an import that is sent again the latest of all; returns it. */
  renew(origin: KeptOrigin): KeptOrigin {
    const isLatest = this.all().every((each) => each.turn <= origin.turn);
    return isLatest ? origin : this.#save({ ...origin, turn: this.#nextTurn() });
  }

  #nextTurn(): number {
    return 1 + this.all().reduce((latest, { turn }) => Math.max(latest, turn), 0);
  }

  /** The origin of an import; null where none of its candles is here. */
  ofImport(importId: string): KeptOrigin | null {
    return this.all().find((each) => each.importId === importId) ?? null;
  }

  /** Makes an origin part of another's part: their prices fit. */
  join(origin: KeptOrigin, part: number): KeptOrigin {
    return this.#save({ ...origin, part });
  }

  /**
   * Changes the adjustment of an import. If it is another, the import leaves those of its part, and joins the imports that have the new one,
   * where their prices are known to fit.
   */
  adjust(origin: KeptOrigin, adjustment: Origin["adjustment"], adjustedAsOf: number | null): KeptOrigin {
    if (adjustment === origin.adjustment) return this.#save({ ...origin, adjustedAsOf });
    const left = this.#save({ ...origin, adjustment, adjustedAsOf, part: this.#partAlone(origin) });
    const isAlike = (each: KeptOrigin): boolean =>
      each.id !== left.id && each.provider === "import" && each.adjustment === adjustment;
    const fitting = this.all().find((each) => isAlike(each) && this.seamElsewhere(each.part, left.part) === true);
    return fitting ? this.join(left, fitting.part) : left;
  }

  /** The number of a part that an origin has alone, with the prices of the one that it is of. Numbers below zero are no origin's. */
  #partAlone({ id, part }: KeptOrigin): number {
    if (this.all().every((each) => each.id === id || each.part !== part)) return part;
    const alone = Math.min(0, ...this.all().map((each) => each.part)) - 1;
    this.#sql.exec(
      "insert or replace into seams (interval, one, other, agrees) select interval, ?1, iif(one = ?2, other, one), agrees from seams where ?2 in (one, other)",
      alone,
      part,
    );
    for (const { interval, origin } of this.stretches())
      if (origin.id === id) this.saveSeam(interval, part, alone, true);
    return alone;
  }

  /** Forgets an origin that no candle has any more. */
  forget({ id, part }: KeptOrigin): void {
    this.#generation++;
    this.#origins.delete(id);
    this.#sql.exec("delete from origins where id = ?", id);
    this.#sql.exec("delete from stretches where origin = ?", id);
    if (this.all().every((each) => each.part !== part))
      this.#sql.exec("delete from seams where one = ? or other = ?", part, part);
    for (const [key, { origin }] of this.#stretches) if (origin.id === id) this.#stretches.delete(key);
  }

  stretches(interval?: Interval): Stretch[] {
    const all = [...this.#stretches.values()];
    return interval === undefined ? all : all.filter((each) => each.interval === interval);
  }

  /** Candles of an origin were stored from `first` to `last`. */
  extend(interval: Interval, origin: KeptOrigin, first: number, last: number): void {
    const known = this.#stretches.get(`${interval} ${origin.id}`);
    if (known && known.first <= first && known.last >= last) return;
    const stretch = {
      ...{ interval, origin },
      first: Math.min(known?.first ?? first, first),
      last: Math.max(known?.last ?? last, last),
    };
    this.#generation++;
    this.#stretches.set(`${interval} ${origin.id}`, stretch);
    this.#sql.exec(
      "insert or replace into stretches (interval, origin, first, last) values (?, ?, ?, ?)",
      interval,
      origin.id,
      stretch.first,
      stretch.last,
    );
  }

  /** An origin's candles of an interval begin at a later stamp now. */
  shorten(interval: Interval, { id }: KeptOrigin, first: number): void {
    const known = this.#stretches.get(`${interval} ${id}`);
    if (!known) return;
    this.#generation++;
    this.#stretches.set(`${interval} ${id}`, { ...known, first });
    this.#sql.exec("update stretches set first = ? where interval = ? and origin = ?", first, interval, id);
  }

  /** No candle of an interval has an origin any more. */
  drop(interval: Interval, { id }: KeptOrigin): void {
    this.#generation++;
    this.#stretches.delete(`${interval} ${id}`);
    this.#sql.exec("delete from stretches where interval = ? and origin = ?", interval, id);
    if (this.#unmarked.get(interval) !== id) return;
    this.#unmarked.delete(interval);
    this.#sql.exec("delete from unmarked where interval = ?", interval);
  }

  /** Whether two parts have the same prices at an interval; null where that was never seen. */
  seam(interval: Interval, one: number, other: number): boolean | null {
    const row = this.#sql
      .exec<{ agrees: number }>(
        "select agrees from seams where interval = ? and one = ? and other = ?",
        interval,
        Math.min(one, other),
        Math.max(one, other),
      )
      .toArray()[0];
    return row ? row.agrees === 1 : null;
  }

  /** Whether two parts have the same prices at every interval at which that was seen; null where it was at none. */
  seamElsewhere(one: number, other: number): boolean | null {
    const { agrees } = this.#sql
      .exec<{ agrees: number | null }>(
        "select min(agrees) as agrees from seams where one = ? and other = ?",
        Math.min(one, other),
        Math.max(one, other),
      )
      .one();
    return agrees === null ? null : agrees === 1;
  }

  /** Keeps whether two parts have the same prices at an interval. */
  saveSeam(interval: Interval, one: number, other: number, agrees: boolean): void {
    if (this.seam(interval, one, other) === agrees) return;
    this.#generation++;
    this.#sql.exec(
      "insert or replace into seams (interval, one, other, agrees) values (?, ?, ?, ?)",
      interval,
      Math.min(one, other),
      Math.max(one, other),
      agrees ? 1 : 0,
    );
  }

  #save(origin: KeptOrigin): KeptOrigin {
    this.#generation++;
    this.#origins.set(origin.id, origin);
    this.#sql.exec(
      "update origins set part = ?, turn = ?, adjustment = ?, adjusted_as_of = ? where id = ?",
      origin.part,
      origin.turn,
      origin.adjustment,
      origin.adjustedAsOf,
      origin.id,
    );
    for (const [key, stretch] of this.#stretches)
      if (stretch.origin.id === origin.id) this.#stretches.set(key, { ...stretch, origin });
    return origin;
  }

  #readStretches(): void {
    const rows = this.#sql.exec<{ interval: Interval; origin: number; first: number; last: number }>(
      "select interval, origin, first, last from stretches",
    );
    for (const { interval, origin, first, last } of rows) {
      this.#stretches.set(`${interval} ${origin}`, { interval, origin: this.get(origin), first, last });
    }
  }
}
