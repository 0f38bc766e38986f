import { INTERVALS, type Interval } from "../../core/interval.ts";
import { parseTime } from "../../core/time.ts";
import { parseArgs } from "../../scripts/arguments.ts";
import { defaultUrl, invalidUrlMessage, platformUrl } from "../../scripts/platform-errors.ts";

export const EXPORT_FORMATS = ["csv", "parquet"] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const HELP = `Writes candles of the platform into files, with a manifest that says what they are.

  wizdata export --symbol JSE:NPN,AAPL --interval 1d --out folder
  npm run export -- --symbol BTC/USD --interval 1m --from 2024-01-01 --to 2024-02-01 --format parquet --out folder

--out gets a file for each symbol and interval, such as JSE_NPN_1d.csv, and manifest.json: source, segments, adjustment, units, span and
SHA-256 of each. A candle that has not closed is left out. A file that is there is replaced once the new one is whole. A CSV file can be
imported again as it is, with the adjustment that the manifest names; that changes nothing.

  --symbol    one or several, with commas between them; may be repeated
  --interval  the same, of ${INTERVALS.join(" ")}
  --from      the first time, ISO-8601 or unix seconds (default the first candle that is stored)
  --to        where to end; a candle that is stamped then is not in it (default now)
  --format    ${EXPORT_FORMATS.join(" or ")} (default csv)
  --out       the folder; it is made if it is not there
  --json      print the entries of the manifest, and what failed, as JSON
  --url       the platform (default http://127.0.0.1:8787, or PORT)
  --help      this text

Who asks is read from WIZDATA_API_KEY or ADMIN_TOKEN, or from .dev.vars for a platform on this machine; a demo answers without.
Exit status: 0 all is written; 1 some symbols failed; 2 nothing could be done; 130 interrupted.
`;

/** How the command was called. */
export interface ExportSettings {
  symbols: string[];
  intervals: Interval[];
  /** Unix seconds; null for the beginning of the series. */
  from: number | null;
  /** Unix seconds, excluded; null for now. */
  to: number | null;
  format: ExportFormat;
  out: string;
  json: boolean;
  url: string;
}

/** Ends the command: it was called wrongly. */
function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const listOf = (texts: readonly string[]): string[] => [
  ...new Set(
    texts
      .flatMap((text) => text.split(","))
      .map((text) => text.trim())
      .filter((text) => text !== ""),
  ),
];

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((entry) => entry === value);
  return found ?? fail(`--${name} is "${value}"; it must be one of ${allowed.join(", ")}.`);
}

function timeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = parseTime(text);
  return typeof time === "number" ? time : fail(`--${name} is "${text}"; it ${time.error}.`);
}

/** Reads the command's arguments; ends it where they are wrong, or only ask for help. */
export function readArguments(args: string[]): ExportSettings {
  const { values } = parseArgs({
    args,
    options: {
      symbol: { type: "string", multiple: true, default: [] },
      interval: { type: "string", multiple: true, default: [] },
      from: { type: "string" },
      to: { type: "string" },
      format: { type: "string", default: "csv" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      url: { type: "string", default: defaultUrl() },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const symbols = listOf(values.symbol);
  const intervals = listOf(values.interval).map((text) => oneOf("interval", text, INTERVALS));
  if (symbols.length === 0) fail("--symbol is missing, such as --symbol JSE:NPN,AAPL. --help explains.");
  if (intervals.length === 0) fail("--interval is missing, such as --interval 1d. --help explains.");
  if (!values.out) fail("--out is missing, such as --out candles. --help explains.");
  const [from, to] = [timeOf("from", values.from), timeOf("to", values.to)];
  if (from !== null && to !== null && from >= to) fail("--from must be before --to.");
  return {
    ...{ symbols, intervals, from, to },
    format: oneOf("format", values.format, EXPORT_FORMATS),
    out: values.out,
    json: values.json,
    url: platformUrl(values.url) ?? fail(invalidUrlMessage(values.url)),
  };
}
