import { basename } from "node:path";
import { z } from "zod";
import { adjustedAsOfDefault } from "../../contracts/adjusted-as-of.ts";
import { SymbolSchema } from "../../contracts/symbol.ts";
import { factsOfName } from "../../core/candle-files/file-name.ts";
import type { FileReading } from "../../core/candle-files/reading.ts";
import { FileSurvey } from "../../core/candle-files/survey.ts";
import type { ReadingContext } from "../../core/candle-files/types.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { unitsPerMajor } from "../../core/price-unit.ts";
import { read, type Target } from "../platform/client.ts";
import { Interrupted, ItemFailure } from "../platform/failures.ts";
import { importRows, type RowBatch } from "./importer.ts";
import type { ImportSettings } from "./options.ts";
import { sendChunk } from "./send-chunk.ts";
import type { CandleSource } from "./streams.ts";
import { formOf, newDigest, readTable, type TableForm } from "./table.ts";
import { WrongEncoding } from "./text.ts";
import type { Totals } from "./totals.ts";
import { checkUnit } from "./unit-check.ts";

const SymbolAnswer = z.object({
  data: SymbolSchema.pick({ symbol: true, currency: true, price_unit: true, primary_exchange: true }),
});

type SymbolFacts = z.infer<typeof SymbolAnswer>["data"];

/** What is known of a file before its rows are sent. */
export interface Recognition {
  symbol: string;
  interval: Interval;
  recognised: string;
  ignored: readonly string[];
  assumed: readonly string[];
  rows: number;
  /** The stamps of the first and the last candle, unix seconds. */
  first: number | null;
  last: number | null;
}

/** What is called while a file is imported. */
export interface Steps {
  recognised(found: Recognition): void;
  /** With the bytes of the disk that are done, of twice its size: a file is read twice. */
  progress(bytes: number): void;
  importId(id: string): void;
  signal: AbortSignal;
}

/** The facts of symbols that were asked for, by what the caller called them. */
export class SymbolBook {
  readonly #target: Target;
  readonly #known = new Map<string, Promise<SymbolFacts>>();

  constructor(target: Target) {
    this.#target = target;
  }

  /** @throws ItemFailure where there is no such symbol */
  of(name: string): Promise<SymbolFacts> {
    const known =
      this.#known.get(name) ??
      read(this.#target, `/symbols/${encodeURIComponent(name)}`, SymbolAnswer).then(({ data }) => data);
    this.#known.set(name, known);
    return known;
  }
}

/** The symbol and the interval of a file: as they were said, else as its names say. */
function seriesOf(source: CandleSource, settings: ImportSettings): { symbol: string; interval: Interval } {
  const facts = source.names.map(factsOfName);
  const symbol = settings.symbol ?? facts.find((each) => each.symbol !== null)?.symbol;
  const interval = settings.interval ?? facts.find((each) => each.interval !== null)?.interval;
  if (symbol && interval) return { symbol, interval };
  const missing = [symbol ? "" : "--symbol JSE:NPN", interval ? "" : "--interval 1d"].filter(Boolean);
  const what = symbol ? "interval" : interval ? "symbol" : "symbol and interval";
  throw new ItemFailure(`The name of the file does not say its ${what}: add it, as ${missing.join(" ")}.`);
}

/** Reads a whole file once, to know how it is to be read. */
async function survey(
  source: CandleSource,
  form: TableForm,
  settings: ImportSettings,
  context: ReadingContext,
  { progress, signal }: Steps,
): Promise<{ reading: FileReading; sha256: string }> {
  const digest = newDigest();
  const found = new FileSurvey(settings.reading, context);
  for await (const { records, bytes } of readTable(source, form, digest)) {
    if (signal.aborted) throw new Interrupted();
    for (const record of records) found.see(record);
    progress(bytes);
  }
  return { reading: found.finish(), sha256: digest.digest("hex") };
}

/** Finds out how a file is to be read. What is no UTF-8 is read as Windows-1252, which can read any bytes; that is said. */
async function recognise(source: CandleSource, settings: ImportSettings, context: ReadingContext, steps: Steps) {
  const form = await formOf(source, settings.reading.delimiter);
  try {
    return { form, ...(await survey(source, form, settings, context, steps)), assumed: [] };
  } catch (error) {
    if (!(error instanceof WrongEncoding)) throw error;
    const other: TableForm = { ...form, encoding: "windows-1252" };
    const assumed = ["the text is in Windows-1252, for it is no UTF-8"];
    return { form: other, ...(await survey(source, other, settings, context, steps)), assumed };
  }
}

/** Reads a batch ahead while the one before it is on its way. */
async function* ahead<T>(values: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    let next = values.next();
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = values.next();
      // A failure is thrown where the value is asked for.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await values.return(undefined);
  }
}

async function* rowsOf(source: CandleSource, form: TableForm, reading: FileReading): AsyncGenerator<RowBatch> {
  for await (const { records, bytes } of readTable(source, form, null)) {
    yield { rows: records.flatMap((record) => reading.read(record) ?? []), bytes };
  }
}

/**
 * Imports one file.
 * @param totals are added to while it goes on
 * @throws ItemFailure or CandleFileError where the file cannot be imported, CommandFailure where nothing can, Interrupted
 */
export async function importFile(
  source: CandleSource,
  settings: ImportSettings,
  target: Target,
  symbols: SymbolBook,
  totals: Totals,
  steps: Steps,
): Promise<void> {
  const { symbol: name, interval } = seriesOf(source, settings);
  const { symbol, currency, price_unit, primary_exchange } = await symbols.of(name);
  const context: ReadingContext = {
    interval,
    market: marketOf(primary_exchange),
    exchange: primary_exchange,
    unitsPerMajor: unitsPerMajor(currency, price_unit),
  };
  const { form, reading, sha256, assumed } = await recognise(source, settings, context, steps);
  const { recognised, ignored, rows, first, last } = reading;
  steps.recognised({
    ...{ symbol, interval, recognised, ignored, rows, first, last },
    assumed: [...assumed, ...reading.assumed],
  });
  const adjustedAsOf = settings.adjustedAsOf ?? adjustedAsOfDefault(settings.adjustment, last) ?? undefined;
  const { adjustment, keepGood, force, checkOnly } = settings;
  const batches = ahead(rowsOf(source, form, reading));
  const series = { symbol, interval, currency, priceUnit: price_unit };
  const checked = settings.reading.unit === undefined ? unitChecked(batches, target, series) : batches;
  await importRows(
    checked,
    {
      ...{ symbol, interval, adjustment, adjustedAsOf, keepGood, force, checkOnly, signal: steps.signal },
      file: { file: basename(source.path), sha256, rows },
    },
    async (chunk) => {
      const report = await sendChunk(target, chunk);
      if (!chunk.check_only && report.import_id !== undefined) steps.importId(report.import_id);
      return report;
    },
    (bytes) => steps.progress(source.size + bytes),
    totals,
  );
}

/** Passes batches on once the first of them has prices in the unit of those that are stored. */
async function* unitChecked(
  batches: AsyncGenerator<RowBatch>,
  target: Target,
  series: Parameters<typeof checkUnit>[1],
): AsyncGenerator<RowBatch> {
  let isChecked = false;
  for await (const batch of batches) {
    if (!isChecked && batch.rows.length > 0) {
      await checkUnit(target, series, batch.rows);
      isChecked = true;
    }
    yield batch;
  }
}
