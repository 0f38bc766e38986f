// `wizdata import`: brings real candles from files into the platform.
import { CandleFileError } from "../../core/candle-files/types.ts";
import { adminTokenFor, noAdminToken } from "../../scripts/admin-token.ts";
import type { Target } from "../platform/client.ts";
import { CommandFailure, Interrupted, ItemFailure } from "../platform/failures.ts";
import { Progress } from "../platform/progress.ts";
import { onSignals } from "../platform/signals.ts";
import { importFile, type Recognition, SymbolBook } from "./file-import.ts";
import { namedFiles } from "./files.ts";
import { fail, type ImportSettings, readArguments } from "./options.ts";
import { type FileResult, fileReport, jsonReport, recognitionLines, sumReport } from "./report.ts";
import { sourcesOf } from "./source.ts";
import type { CandleSource } from "./streams.ts";
import { emptyTotals } from "./totals.ts";

/** Exit statuses; --help explains them. */
const SOME_REFUSED = 1;
const NOTHING_DONE = 2;

const failedResult = (path: string, error: string): FileResult => ({
  ...{ path, error },
  found: null,
  totals: emptyTotals(),
  importId: null,
});

/** What to import, and the files that cannot be read. */
async function openAll(paths: readonly string[]): Promise<{ sources: CandleSource[]; failed: FileResult[] }> {
  const sources: CandleSource[] = [];
  const failed: FileResult[] = [];
  for (const path of paths) {
    try {
      sources.push(...(await sourcesOf(path)));
    } catch (error) {
      if (!(error instanceof ItemFailure)) throw error;
      failed.push(failedResult(path, error.message));
    }
  }
  return { sources, failed };
}

/** All files of a call, one after the other. */
class Run {
  readonly #settings: ImportSettings;
  readonly #target: Target;
  readonly #symbols: SymbolBook;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  readonly results: FileResult[] = [];
  #doneBefore = 0;

  constructor(settings: ImportSettings, target: Target, progress: Progress, signal: AbortSignal) {
    this.#settings = settings;
    this.#target = target;
    this.#symbols = new SymbolBook(target);
    this.#progress = progress;
    this.#signal = signal;
  }

  /** @throws CommandFailure, Interrupted; what has become of the file until then stands in the results */
  async import(source: CandleSource): Promise<void> {
    const result: FileResult = { path: source.path, found: null, totals: emptyTotals(), importId: null, error: null };
    this.results.push(result);
    const steps = {
      recognised: (found: Recognition) => {
        result.found = found;
        if (!this.#settings.json) this.#progress.say(recognitionLines(source.path, found), console.log);
      },
      progress: (bytes: number) => this.#progress.update(this.#doneBefore + bytes, source.path),
      importId: (id: string) => {
        result.importId = id;
      },
      signal: this.#signal,
    };
    try {
      await importFile(source, this.#settings, this.#target, this.#symbols, result.totals, steps);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      result.error = error.message;
      if (!(error instanceof ItemFailure || error instanceof CandleFileError)) throw error;
    } finally {
      this.#doneBefore += 2 * source.size;
    }
  }
}

const accepted = (results: readonly FileResult[]): number =>
  results.reduce((sum, { totals }) => sum + totals.stored + totals.replaced + totals.unchanged, 0);

const goOn = (rows: number): string =>
  rows > 0 ? ` ${rows} rows are stored; importing the file again stores none of them twice.` : "";

function print(results: readonly FileResult[], settings: ImportSettings, isOne: boolean): void {
  if (settings.json) {
    const reports = results.map(jsonReport);
    console.log(JSON.stringify(isOne ? reports[0] : reports, null, 2));
    return;
  }
  for (const result of results) {
    if (result.found) console.log(fileReport(result, settings));
    else console.error(isOne ? result.error : fileReport(result, settings));
  }
  if (!isOne) console.log(sumReport(results, settings.checkOnly));
}

function statusOf(results: readonly FileResult[]): number {
  if (results.every(({ error }) => error !== null)) return NOTHING_DONE;
  return results.some(({ error, totals }) => error !== null || totals.refused.count > 0) ? SOME_REFUSED : 0;
}

function named(settings: ImportSettings): ReturnType<typeof namedFiles> {
  try {
    return namedFiles(settings.files);
  } catch (error) {
    if (error instanceof ItemFailure) return fail(error.message);
    throw error;
  }
}

/** Runs the command with the arguments that stand after its name. */
export async function run(args: string[]): Promise<void> {
  const settings = readArguments(args);
  const { paths, skipped } = named(settings);
  if (skipped.length > 0) console.error(`Passed over, for they are no files of candles: ${skipped.join(", ")}.`);
  const token = adminTokenFor(settings.url) ?? fail(noAdminToken(settings.url));
  const { sources, failed } = await openAll(paths);
  const progress = new Progress(2 * sources.reduce((sum, { size }) => sum + size, 0));
  const signals = onSignals(() => progress.stop());
  const work = new Run(settings, { url: settings.url, token }, progress, signals.controller.signal);
  const isOne = sources.length + failed.length === 1;
  try {
    for (const source of sources) await work.import(source);
    progress.stop();
    const results = [...failed, ...work.results];
    print(results, settings, isOne);
    process.exitCode = statusOf(results);
  } catch (error) {
    progress.stop();
    const stored = settings.checkOnly ? "" : goOn(accepted(work.results));
    if (error instanceof Interrupted) {
      console.error(`Interrupted.${stored || " Nothing is stored."} The same command goes on.`);
      process.exitCode = signals.status();
    } else if (error instanceof CommandFailure) fail(`${error.message}${stored}`);
    else throw error;
  } finally {
    signals.remove();
  }
}
