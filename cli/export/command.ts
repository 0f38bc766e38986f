// `wizdata export`: writes candles of the platform into files.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Interval } from "../../core/interval.ts";
import { adminTokenFor } from "../../scripts/admin-token.ts";
import type { Target } from "../platform/client.ts";
import { CommandFailure, Interrupted, ItemFailure, systemReason } from "../platform/failures.ts";
import { Progress } from "../platform/progress.ts";
import { onSignals } from "../platform/signals.ts";
import { exportSeries } from "./export-series.ts";
import { checkManifest, type ManifestEntry, saveManifest } from "./manifest.ts";
import { type ExportSettings, readArguments } from "./options.ts";

/** Exit statuses; --help explains them. */
const SOME_FAILED = 1;
const NOTHING_DONE = 2;

/** A series that could not be exported. */
interface Failure {
  symbol: string;
  interval: Interval;
  error: string;
}

/** What became of all series. */
interface Outcome {
  files: ManifestEntry[];
  failed: Failure[];
}

/** Each series is one unit of progress, whatever its length: how long it is shows only when it is read. */
const STEPS = 1_000;

async function exportAll(
  settings: ExportSettings,
  target: Target,
  progress: Progress,
  signal: AbortSignal,
  outcome: Outcome,
): Promise<void> {
  const series = settings.symbols.flatMap((symbol) => settings.intervals.map((interval) => ({ symbol, interval })));
  for (const [i, { symbol, interval }] of series.entries()) {
    const now = Date.now() / 1000;
    let begin: number | null = null;
    const steps = {
      progress: (time: number) => {
        begin ??= time;
        const share = (time - begin) / Math.max(1, (settings.to ?? now) - begin);
        progress.update((i + Math.min(share, 1)) * STEPS, `${symbol} ${interval}`);
      },
      signal,
    };
    try {
      const { replaced, ...entry } = await exportSeries(target, symbol, interval, settings, now, steps);
      outcome.files.push(entry);
      saveManifest(settings.out, settings.url, [entry]);
      if (!settings.json) progress.say([lineOf(entry, settings.out, replaced)], console.log);
    } catch (error) {
      if (!(error instanceof ItemFailure)) throw error;
      outcome.failed.push({ symbol, interval, error: error.message });
      if (!settings.json) progress.say([`${symbol} ${interval}: ${error.message}`], console.error);
    }
    progress.update((i + 1) * STEPS, `${symbol} ${interval}`);
  }
}

function lineOf(entry: ManifestEntry, out: string, replaced: boolean): string {
  const { file, symbol, interval, rows, first, last, provider, adjustment, price_unit, simulated } = entry;
  const what = simulated ? "simulated" : `${provider}, ${adjustment}`;
  const unit = price_unit === null ? "" : `, in ${price_unit}`;
  const note = replaced ? " (replaced)" : "";
  return `${join(out, file)}: ${rows} ${interval} candles of ${symbol}, ${first} to ${last}, ${what}${unit}${note}`;
}

function prepare(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new CommandFailure(`The folder ${out} cannot be made: ${systemReason(error)}.`);
  }
  checkManifest(out);
}

/** Runs the command with the arguments that stand after its name. */
export async function run(args: string[]): Promise<void> {
  const settings = readArguments(args);
  const target = { url: settings.url, token: process.env.WIZDATA_API_KEY || adminTokenFor(settings.url) };
  const progress = new Progress(settings.symbols.length * settings.intervals.length * STEPS);
  const signals = onSignals(() => progress.stop());
  const outcome: Outcome = { files: [], failed: [] };
  try {
    prepare(settings.out);
    await exportAll(settings, target, progress, signals.controller.signal, outcome);
    progress.stop();
    if (settings.json) console.log(JSON.stringify(outcome, null, 2));
    if (outcome.failed.length > 0) process.exitCode = outcome.files.length > 0 ? SOME_FAILED : NOTHING_DONE;
  } catch (error) {
    progress.stop();
    const written = outcome.files.length > 0 ? ` Written are ${outcome.files.map(({ file }) => file).join(", ")}.` : "";
    if (error instanceof Interrupted) {
      console.error(`Interrupted.${written} The same command begins again.`);
      process.exitCode = signals.status();
    } else if (error instanceof CommandFailure) {
      console.error(`${error.message}${written}`);
      process.exitCode = NOTHING_DONE;
    } else throw error;
  } finally {
    signals.remove();
  }
}
