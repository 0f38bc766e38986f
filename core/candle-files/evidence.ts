import { hasComma, styleOf } from "./numbers.ts";
import { resolveDate, type WrittenDate, type WrittenStamp } from "./stamp-text.ts";
import { CandleFileError, type DateOrder, shown } from "./types.ts";

/** A cell that shows something, and its line. */
export interface Shown {
  line: number;
  cell: string;
}

/** Such a cell in a message. */
export const at = ({ line, cell }: Shown): string => `"${shown(cell)}" in line ${line}`;

/** What the numbers of a file show of its decimal sign. */
export class DecimalEvidence {
  #point: Shown | null = null;
  #comma: Shown | null = null;
  #either: Shown | null = null;

  see(line: number, cell: string): void {
    // Most cells of most files: a number with one point at most shows nothing new beside another.
    if (this.#point && !hasComma(cell) && cell.indexOf(".") === cell.lastIndexOf(".")) return;
    const style = styleOf(cell);
    if (style === "point") this.#point ??= { line, cell };
    else if (style === "comma") this.#comma ??= { line, cell };
    else if (style === "either" && hasComma(cell)) this.#either ??= { line, cell };
  }

  /** @throws CandleFileError where the numbers contradict one another, or could be read in two ways */
  finish(): "." | "," {
    if (this.#point && this.#comma) {
      throw new CandleFileError(
        `The decimals are mixed: ${at(this.#point)} has a point, ${at(this.#comma)} a comma. --decimal . or --decimal , says which is right; numbers in the other one are refused.`,
      );
    }
    if (this.#either && !this.#point && !this.#comma) {
      throw new CandleFileError(
        `Whether the comma of ${at(this.#either)} is a decimal sign or parts thousands is not known: say --decimal , or --decimal . (a point).`,
      );
    }
    return this.#comma ? "," : ".";
  }
}

/** What the dates of a file show of their order. */
export class DateEvidence {
  #dayFirst: Shown | null = null;
  #monthFirst: Shown | null = null;
  #open: Shown | null = null;
  /** A first number that is no day and no month. */
  #yearFirst: Shown | null = null;
  /** Of years of two digits: the date before, and how often its first and its last number changed from row to row. */
  #short: { first: number; year: number } | null = null;
  #firstChanges = 0;
  #lastChanges = 0;

  see(line: number, cell: string, date: WrittenDate): void {
    if (date.kind === "known") return;
    if (date.short) this.#seeShort(date);
    if (date.short && date.first > 31) this.#yearFirst ??= { line, cell };
    else if (date.first > 12) this.#dayFirst ??= { line, cell };
    else if (date.second > 12) this.#monthFirst ??= { line, cell };
    else if (date.first !== date.second) this.#open ??= { line, cell };
  }

  #seeShort({ first, year }: { first: number; year: number }): void {
    if (this.#short && this.#short.first !== first) this.#firstChanges++;
    if (this.#short && this.#short.year !== year) this.#lastChanges++;
    this.#short = { first, year };
  }

  /** @throws CandleFileError where the dates contradict one another, or could be read in two ways */
  finish(): DateOrder | null {
    if (this.#yearFirst && !this.#monthFirst) return "ymd";
    const open = this.#dayFirst ?? this.#open;
    // A year changes less often than a day does.
    if (open && !this.#monthFirst && this.#lastChanges > this.#firstChanges) {
      throw new CandleFileError(
        `Whether ${at(open)} has the year or the day first is not known: say --date-order ymd or --date-order dmy.`,
      );
    }
    if (this.#dayFirst && this.#monthFirst) {
      throw new CandleFileError(
        `The dates contradict one another: ${at(this.#dayFirst)} has the day first, ${at(this.#monthFirst)} the month. --date-order dmy or mdy says which is right; rows in the other one are refused.`,
      );
    }
    if (this.#dayFirst) return "dmy";
    if (this.#monthFirst) return "mdy";
    if (!this.#open) return null;
    throw new CandleFileError(
      `Whether ${at(this.#open)} has the day or the month first is not known, for no day of the file is above 12: say --date-order dmy or --date-order mdy.`,
    );
  }
}

/** The stamps between which a file's rows lie, of one order of dates: seconds as written, and which came first and last in the file. */
export interface Extent {
  earliest: WrittenStamp;
  latest: WrittenStamp;
  first: number;
  last: number;
}

/** A stamp's seconds by its own clock, or in unix time; null where the order of the date makes it no day. */
export function secondsOf(stamp: WrittenStamp, order: DateOrder): number | null {
  if (stamp.kind === "unix") return stamp.time;
  const day = resolveDate(stamp.date, order);
  return day === null ? null : day + (stamp.clock ?? 0) - (stamp.ahead ?? 0);
}

/** Follows the first and last stamps of a file by one order of dates. */
export class ExtentOf {
  readonly #order: DateOrder;
  #extent: Extent | null = null;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  constructor(order: DateOrder) {
    this.#order = order;
  }

  see(stamp: WrittenStamp): void {
    const seconds = secondsOf(stamp, this.#order);
    if (seconds === null) return;
    this.#extent ??= { earliest: stamp, latest: stamp, first: seconds, last: seconds };
    this.#extent.last = seconds;
    if (seconds < this.#least) {
      this.#least = seconds;
      this.#extent.earliest = stamp;
    }
    if (seconds > this.#greatest) {
      this.#greatest = seconds;
      this.#extent.latest = stamp;
    }
  }

  /** Null where no row has a time that can be read. */
  get extent(): Extent | null {
    return this.#extent;
  }
}
