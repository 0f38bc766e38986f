import { isDated } from "../interval.ts";
import { assumptions } from "./assumptions.ts";
import type { Field } from "./columns.ts";
import { DateEvidence, DecimalEvidence, type Extent, ExtentOf } from "./evidence.ts";
import { type Layout, layoutOf, MAX_HEAD_RECORDS } from "./layout.ts";
import type { LocalClock } from "./local-clock.ts";
import { isUnknown } from "./numbers.ts";
import { Periods, weeksRefusal } from "./placing.ts";
import { FileReading } from "./reading.ts";
import { isBlank, MAX_CELL } from "./records.ts";
import { OrderEvidence, SymbolEvidence } from "./row-evidence.ts";
import { readStamp, type WrittenStamp } from "./stamp-text.ts";
import { StampReader } from "./stamps.ts";
import {
  CandleFileError,
  DATE_ORDERS,
  type DateOrder,
  type FileRecord,
  MAPPED_FIELDS,
  type ReadingContext,
  type ReadingOptions,
  shown,
} from "./types.ts";
import { clockOf, missingZone } from "./zones.ts";

const NUMBERS = MAPPED_FIELDS.filter((field) => field !== "time");

/** Adjusted closes are taken where they were asked for, and are not taken for closes where they were not. */
function checkAdjusted({ columns }: Layout, { adjusted = false }: ReadingOptions): void {
  if (adjusted && !columns.has("adjusted")) {
    throw new CandleFileError(
      'The file has no adjusted closes for --adjusted, such as a column "Adj Close". If its closes are adjusted, say --adjustment instead.',
    );
  }
  if (!adjusted && !columns.has("close")) {
    throw new CandleFileError(
      "The file has adjusted closes alone: --adjusted takes them for the closes, and the series is adjusted then.",
    );
  }
}

/**
 * The first reading of a file: sees every record once, and finds how the file is to be read. It keeps nothing of single rows, however many
 * there are.
 */
export class FileSurvey {
  readonly #options: ReadingOptions;
  readonly #context: ReadingContext;
  #head: FileRecord[] | null = [];
  #layout: Layout | null = null;
  readonly #decimals = new DecimalEvidence();
  readonly #dates = new DateEvidence();
  readonly #symbols = new SymbolEvidence();
  readonly #columnOrder = new OrderEvidence();
  readonly #extents = { dmy: new ExtentOf("dmy"), mdy: new ExtentOf("mdy"), ymd: new ExtentOf("ymd") };
  readonly #said: LocalClock | null;
  readonly #exchangeClock: LocalClock;
  readonly #universal: LocalClock;
  /** Of weeks, readers of all orders of dates. */
  readonly #weekReaders: readonly StampReader[];
  /** The stamp of a week that begins on another day than Monday. */
  #oddWeek: WrittenStamp | null = null;
  readonly #counts = { rows: 0, times: 0, withoutZone: 0, withClock: 0, open: 0, volumes: 0 };
  #unreadable: { line: number; cell: string } | null = null;

  /** @throws CandleFileError where the time zone that was said is none */
  constructor(options: ReadingOptions, context: ReadingContext) {
    this.#options = options;
    this.#context = context;
    this.#said = options.timezone === undefined ? null : clockOf(options.timezone, context.market);
    this.#exchangeClock = clockOf("exchange", context.market);
    this.#universal = clockOf("UTC", context.market);
    const isWeekly = context.interval === "1w" && options.weekStart === undefined;
    this.#weekReaders = isWeekly ? DATE_ORDERS.map((order) => this.#stampReader(order, null)) : [];
  }

  /**
   * Sees the next record.
   * @throws CandleFileError where the columns are not known
   */
  see(record: FileRecord): void {
    if (isBlank(record.cells)) return;
    if (this.#head === null) {
      this.#seeRow(record);
      return;
    }
    this.#head.push(record);
    if (this.#head.length >= MAX_HEAD_RECORDS) this.#settle();
  }

  #settle(): Layout {
    const head = this.#head ?? [];
    const layout = this.#layout ?? layoutOf(head, this.#options);
    this.#layout = layout;
    this.#head = null;
    for (const record of head) this.#seeRow(record);
    return layout;
  }

  #seeRow({ line, cells }: FileRecord): void {
    const layout = this.#layout;
    if (!layout || line <= layout.headLine) return;
    const { columns } = layout;
    const cellOf = (field: Field): string => {
      const cell = cells[columns.get(field) ?? -1] ?? "";
      return cell.length > MAX_CELL ? "" : cell;
    };
    this.#counts.rows++;
    if (layout.format === "wizdata" && cellOf("state").trim() === "open") this.#counts.open++;
    const time = cellOf("time");
    const stamp = readStamp(time, columns.has("clock") ? cellOf("clock") : null, layout.isUnix);
    if (stamp) this.#seeStamp(line, time, stamp);
    else this.#unreadable ??= { line, cell: time };
    for (const field of NUMBERS) this.#decimals.see(line, cellOf(field));
    if (columns.has("adjusted")) this.#decimals.see(line, cellOf("adjusted"));
    if (columns.has("otherVolume") && !isUnknown(cellOf("volume")) && Number(cellOf("volume")) !== 0) {
      this.#counts.volumes++;
    }
    if (layout.isUnnamed) this.#columnOrder.see(cellOf);
    if (layout.symbol >= 0) this.#symbols.see(line, (cells[layout.symbol] ?? "").slice(0, MAX_CELL));
  }

  #seeStamp(line: number, cell: string, stamp: WrittenStamp): void {
    this.#counts.times++;
    if (stamp.kind === "written") {
      this.#dates.see(line, cell, stamp.date);
      if (stamp.ahead === null) this.#counts.withoutZone++;
      if (stamp.clock !== null) this.#counts.withClock++;
    } else this.#counts.withClock++;
    for (const order of DATE_ORDERS) this.#extents[order].see(stamp);
    // Whatever the order of its date is.
    const isOdd =
      this.#weekReaders.length > 0 && this.#weekReaders.every((reader) => typeof reader.read(stamp) === "string");
    if (isOdd) this.#oddWeek ??= stamp;
  }

  #stampReader(order: DateOrder | null, clock: LocalClock | null, isDescending = false): StampReader {
    const { interval, market, exchange } = this.#context;
    return new StampReader({
      interval,
      market,
      order,
      clock,
      said: this.#said ?? (this.#layout?.isUniversal ? this.#universal : null),
      exchangeClock: this.#exchangeClock,
      exchange,
      periods: isDated(interval) ? new Periods(interval, market, this.#options.weekStart ?? null) : null,
      isDescending,
    });
  }

  /**
   * Says how the file is to be read.
   * @throws CandleFileError where that is not known; the message names the option that says it
   */
  finish(): FileReading {
    const layout = this.#settle();
    const { rows, times } = this.#counts;
    if (rows === 0) throw new CandleFileError("The file has no rows below the names of its columns.");
    if (times === 0) throw this.#noTimes(layout);
    checkAdjusted(layout, this.#options);
    this.#symbols.finish();
    if (layout.isUnnamed && layout.format === "csv" && !this.#options.map?.size) {
      this.#columnOrder.finish(layout.names.length > layout.columns.size);
    }
    const order = this.#options.dateOrder ?? (layout.format === "dukascopy" ? "dmy" : this.#dates.finish());
    const { extent } = this.#extents[order ?? "dmy"];
    if (!extent) {
      throw new CandleFileError(
        `No date of the file is a day with --date-order ${order ?? "dmy"}: say another order, of ${DATE_ORDERS.join(", ")}, or leave the option out.`,
      );
    }
    const decimal = this.#options.decimal ?? this.#decimals.finish();
    const clock = this.#clock(layout);
    const isDescending = extent.first > extent.last;
    this.#checkWeeks(order);
    const stamps = this.#stampReader(order, clock, isDescending);
    return new FileReading({
      layout,
      decimal,
      stamps,
      rows: rows - this.#counts.open,
      first: this.#stampOf(order, clock, extent, "earliest"),
      last: this.#stampOf(order, clock, extent, "latest"),
      assumed: assumptions(layout, {
        ...{ order, decimal, clock, options: this.#options, context: this.#context },
        open: this.#counts.open,
        hasVolumes: this.#counts.volumes > 0,
      }),
      usesOtherVolume: layout.columns.has("otherVolume") && this.#counts.volumes === 0,
      options: this.#options,
      context: this.#context,
    });
  }

  #stampOf(order: DateOrder | null, clock: LocalClock | null, extent: Extent, end: "earliest" | "latest") {
    const time = this.#stampReader(order, clock).read(extent[end]);
    return typeof time === "number" ? time : null;
  }

  /** A time that begins no day is refused row by row, with its own reason. */
  #checkWeeks(order: DateOrder | null): void {
    const date = this.#oddWeek && this.#stampReader(order, null).dateOf(this.#oddWeek);
    if (date !== null) throw weeksRefusal(date);
  }

  /** The clock of times without a zone; null where there are none, or they are dates. */
  #clock(layout: Layout): LocalClock | null {
    const { market, interval, exchange } = this.#context;
    const { withoutZone, withClock } = this.#counts;
    if (isDated(interval) || withoutZone === 0) return null;
    if (this.#said) return this.#said;
    if (layout.isUniversal) return this.#universal;
    if (withClock === 0) {
      throw new CandleFileError(
        `The rows have dates without a time of day, which candles of ${interval} need: are they of --interval 1d?`,
      );
    }
    throw missingZone(market, exchange);
  }

  #noTimes({ columns, names }: Layout): CandleFileError {
    const name = names[columns.get("time") ?? 0] ?? "time";
    const { line, cell } = this.#unreadable ?? { line: 0, cell: "" };
    const hint = /^\d{5}(?:\.\d+)?$/.test(cell.trim())
      ? "; it looks like a spreadsheet's number of a day: export dates"
      : "";
    return new CandleFileError(
      `The column "${shown(name)}" has no times that can be read, such as "${shown(cell)}" in line ${line}${hint}. --map time=NAME says which column has them; they may be like 2024-01-02 09:30, 02.01.2024, Jan 2, 2024 or unix times.`,
    );
  }
}
