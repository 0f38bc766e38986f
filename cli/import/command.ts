// `wizdata import`: brings real candles from a CSV file into the platform.
import { statSync } from "node:fs";
import { basename } from "node:path";
import { styleText } from "node:util";
import { Presets, SingleBar } from "cli-progress";
import { z } from "zod";
import { adjustedAsOfDefault } from "../../contracts/adjusted-as-of.ts";
import { ADJUSTMENTS } from "../../contracts/candle.ts";
import type { ImportChunk } from "../../contracts/import.ts";
import { INTERVALS } from "../../core/interval.ts";
import { adminTokenFor, noAdminToken } from "../../scripts/admin-token.ts";
import { parseArgs } from "../../scripts/arguments.ts";
import { defaultUrl, invalidUrlMessage, platformUrl } from "../../scripts/platform-errors.ts";
import { ImportFailure, sendChunk } from "./client.ts";
import { CsvFileError, readCsv } from "./csv.ts";
import { readFileFacts } from "./file-facts.ts";
import { type ChunkReport, type ImportOptions, importLines, type Totals } from "./importer.ts";

const HELP = `Imports candles from a CSV file.

  npm run import -- --symbol JSE:NPN --interval 1d --file f.csv [options]

The file's first line names its columns: time,open,high,low,close,volume. Only time and close are needed; other numbers may
be blank. A time is the opening of its candle: ISO-8601, or unix seconds. A column simulated may say true of rows that are not
real. Bad rows are refused and named, never repaired.
The same command goes on where it was interrupted; importing the same file again changes nothing.

  --symbol          a symbol of the registry, such as JSE:NPN, AAPL or BTC/USDT
  --interval        ${INTERVALS.join(" ")}
  --file            the CSV file
  --adjustment      what was done to past prices: ${ADJUSTMENTS.join(", ")} (default unknown)
  --adjusted-as-of  the day up to which past prices are adjusted, as 2026-11-20 (default: of split and split_dividend
                    the day after the file's last row)
  --keep-good       store the good rows of a file that has bad ones; without it nothing is stored from the first bad chunk on
  --force           store rows although their spacing says that they are of another interval
  --check           judge every row and store nothing
  --url             the platform (default http://127.0.0.1:8787, or PORT)
  --help            this text

The admin token is read from ADMIN_TOKEN, or from .dev.vars for a platform on this machine.
`;

interface Arguments extends Omit<ImportOptions, "file"> {
  path: string;
  url: string;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((entry) => entry === value);
  if (found === undefined) {
    fail(`--${name} ${value === undefined ? "is missing" : `is "${value}"`}; it must be one of ${allowed.join(", ")}.`);
  }
  return found;
}

function dayOf(text: string | undefined): string | undefined {
  if (text === undefined || z.iso.date().safeParse(text).success) return text;
  return fail(`--adjusted-as-of is "${text}"; it must be a day of the calendar, such as 2026-11-20.`);
}

function readArguments(args: string[]): Arguments {
  const { values } = parseArgs({
    args,
    options: {
      symbol: { type: "string" },
      interval: { type: "string" },
      file: { type: "string" },
      adjustment: { type: "string", default: "unknown" },
      "adjusted-as-of": { type: "string" },
      "keep-good": { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      url: { type: "string", default: defaultUrl() },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  if (!values.symbol) fail("--symbol is missing, such as --symbol JSE:NPN. --help explains.");
  if (!values.file) fail("--file is missing, such as --file candles.csv. --help explains.");
  return {
    symbol: values.symbol,
    interval: oneOf("interval", values.interval, INTERVALS),
    adjustment: oneOf("adjustment", values.adjustment, ADJUSTMENTS),
    adjustedAsOf: dayOf(values["adjusted-as-of"]),
    keepGood: values["keep-good"],
    force: values.force,
    checkOnly: values.check,
    path: values.file,
    url: platformUrl(values.url) ?? fail(invalidUrlMessage(values.url)),
  };
}

const MAX_LISTED = 50;

function report(totals: Totals, options: Arguments): void {
  const { refused } = totals;
  const done = options.checkOnly ? "Checked" : "Imported";
  console.log(`${done} ${options.path} for ${options.symbol} ${options.interval} at ${options.url}`);
  const line = (name: string, count: number, note = "") =>
    console.log(`  ${name.padEnd(12)}${String(count).padStart(9)}${note}`);
  line("rows read", totals.read);
  line("stored", totals.stored);
  line("replaced", totals.replaced);
  line("unchanged", totals.unchanged);
  line("refused", refused.length);
  line(
    "not stored",
    totals.withheld,
    options.checkOnly ? "  (only checked)" : totals.withheld ? "  (good rows, in or after a chunk with bad ones)" : "",
  );
  for (const { line: number, reason } of refused.slice(0, MAX_LISTED)) console.log(`  line ${number}: ${reason}`);
  if (refused.length > MAX_LISTED) console.log(`  and ${refused.length - MAX_LISTED} more`);
  if (refused.length > 0 && !options.keepGood && !options.checkOnly) {
    const hint = "Correct the file and import it again, or store the good rows with --keep-good.";
    console.log(styleText("yellow", hint, { stream: process.stdout }));
  }
}

function fileSize(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) fail(`There is no file ${path}.`);
  return stats.size;
}

/** Says by which id the platform knows the import, and how to be rid of it. */
function reportImport(id: string, url: string): void {
  console.log(`  import      ${id}`);
  console.log(`  To delete it:  curl -X DELETE -H "Authorization: Bearer $ADMIN_TOKEN" ${url}/admin/imports/${id}`);
}

/** Runs the command with the arguments that stand after its name. */
export async function run(args: string[]): Promise<void> {
  const options = readArguments(args);
  const size = fileSize(options.path);
  const token = adminTokenFor(options.url) ?? fail(noAdminToken(options.url));
  const bar = process.stderr.isTTY
    ? new SingleBar(
        { format: "  {bar} {percentage}% | {eta}s left", hideCursor: true, stream: process.stderr },
        Presets.shades_classic,
      )
    : null;
  let accepted = 0;
  let importId: string | null = null;
  async function send(chunk: ImportChunk): Promise<ChunkReport> {
    const result = await sendChunk(options.url, token, chunk);
    if (!chunk.check_only) importId = result.import_id ?? importId;
    accepted += result.stored + result.replaced + result.unchanged;
    return result;
  }
  try {
    const { sha256, rows, lastTime } = await readFileFacts(options.path);
    if (rows === 0) fail("The file has no rows.");
    bar?.start(size, 0);
    const adjustedAsOf = options.adjustedAsOf ?? adjustedAsOfDefault(options.adjustment ?? "unknown", lastTime);
    const settings: ImportOptions = {
      ...options,
      adjustedAsOf: adjustedAsOf ?? undefined,
      file: { file: basename(options.path), sha256, rows },
    };
    const totals = await importLines(readCsv(options.path), settings, send, (bytes) => bar?.update(bytes));
    bar?.stop();
    report(totals, options);
    if (importId !== null) reportImport(importId, options.url);
    process.exitCode = totals.refused.length > 0 ? 1 : 0;
  } catch (error) {
    bar?.stop();
    if (error instanceof ImportFailure || error instanceof CsvFileError) {
      const rest =
        accepted > 0 ? ` ${accepted} rows are stored; importing the file again stores none of them twice.` : "";
      fail(`${error.message}${rest}`);
    }
    throw error;
  }
}
