import type { Interval } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import { isoTime, MAX_TIME, MIN_TIME } from "../time.ts";
import type { LocalClock } from "./local-clock.ts";
import { dateOfInstant, dateOfWall, type Periods } from "./placing.ts";
import { resolveDate, type WrittenStamp } from "./stamp-text.ts";
import type { DateOrder } from "./types.ts";

/** How written times become stamps of candles. */
export interface StampRules {
  interval: Interval;
  market: Market;
  /** The order of day and month; null where no date needs one. */
  order: DateOrder | null;
  /** The clock of intraday times without a zone; null where none is without. */
  clock: LocalClock | null;
  /** That of --timezone, where it is said. */
  said: LocalClock | null;
  exchangeClock: LocalClock;
  /** The code of the exchange. */
  exchange: string;
  /** The days, weeks or months of a dated interval; null for an intraday one. */
  periods: Periods | null;
  /** Whether the file has its newest rows first. */
  isDescending: boolean;
}

const NO_SUCH_TIME = "names a day or an hour that does not exist";

/** Turns written times into stamps, in the order of the file: of an hour that happens twice the second reading is the later one. */
export class StampReader {
  readonly #rules: StampRules;
  #previous: number | null = null;

  constructor(rules: StampRules) {
    this.#rules = rules;
  }

  /** The stamp of a row's candle, unix seconds, or the reason why it has none. */
  read(stamp: WrittenStamp): number | string {
    const { periods } = this.#rules;
    const time = periods ? this.#dated(stamp, periods) : this.#instant(stamp);
    if (typeof time === "number" && !(time >= MIN_TIME && time <= MAX_TIME)) {
      return "time lies outside of the years 1900 to 2200";
    }
    return time;
  }

  /** The date of a daily or coarser candle, 00:00 UTC; null where its stamp begins no day. */
  dateOf(stamp: WrittenStamp): number | null {
    const { market, exchangeClock, said } = this.#rules;
    const clocks = { exchange: exchangeClock, said };
    if (stamp.kind === "unix") return dateOfInstant(stamp.time, null, market, clocks);
    const day = resolveDate(stamp.date, this.#rules.order);
    if (day === null) return null;
    if (stamp.clock === null) return day;
    const wall = day + stamp.clock;
    if (stamp.ahead !== null) return dateOfInstant(wall - stamp.ahead, wall, market, clocks);
    const instant = said?.instantsOf(wall)[0];
    return dateOfWall(wall, market) ?? (instant === undefined ? null : dateOfInstant(instant, null, market, clocks));
  }

  #dated(stamp: WrittenStamp, periods: Periods): number | string {
    const date = this.dateOf(stamp);
    if (date !== null) return periods.stampOf(date);
    if (stamp.kind === "written" && resolveDate(stamp.date, this.#rules.order) === null) return `time ${NO_SUCH_TIME}`;
    const { exchange, market } = this.#rules;
    const shown = stamp.kind === "unix" ? ` ${isoTime(stamp.time)}` : "";
    return `time${shown} is neither a date, nor midnight in UTC or at ${exchange} (${market.zone}), nor the opening of its session`;
  }

  #instant(stamp: WrittenStamp): number | string {
    if (stamp.kind === "unix") return this.#passed(stamp.time);
    const day = resolveDate(stamp.date, this.#rules.order);
    if (day === null) return `time ${NO_SUCH_TIME}`;
    if (stamp.clock === null) return "time has no time of day";
    const wall = day + stamp.clock;
    if (stamp.ahead !== null) return this.#passed(wall - stamp.ahead);
    const { clock } = this.#rules;
    if (!clock) return "time has no zone, though others of the file have one";
    const [first, second] = clock.instantsOf(wall);
    if (first === undefined) {
      return `time ${isoTime(wall).slice(0, 19)} does not exist in ${clock.name}: its clocks skip that hour`;
    }
    return this.#passed(second === undefined ? first : this.#inOrder(first, second));
  }

  #passed(time: number): number {
    this.#previous = time;
    return time;
  }

  /** Which of two instants with the same clock time a row means: the one that goes on from the row before. */
  #inOrder(earlier: number, later: number): number {
    const previous = this.#previous;
    if (this.#rules.isDescending) return previous === null || later < previous ? later : earlier;
    return previous === null || earlier > previous ? earlier : later;
  }
}
