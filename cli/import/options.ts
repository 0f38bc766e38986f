import { z } from "zod";
import { ADJUSTMENTS } from "../../contracts/candle.ts";
import type { ImportChunk } from "../../contracts/import.ts";
import {
  DATE_ORDERS,
  DELIMITERS,
  FORMATS,
  MAPPED_FIELDS,
  type MappedField,
  type ReadingOptions,
  WEEK_STARTS,
} from "../../core/candle-files/types.ts";
import { INTERVALS, type Interval } from "../../core/interval.ts";
import { PRICE_UNITS } from "../../core/price-unit.ts";
import { parseArgs } from "../../scripts/arguments.ts";
import { defaultUrl, invalidUrlMessage, platformUrl } from "../../scripts/platform-errors.ts";

export const HELP = `Imports candles from files, as vendors write them.

  wizdata import --file npn.csv --symbol JSE:NPN --interval 1d
  wizdata import --file downloads/ --check
  npm run import -- --file BTCUSDT-1h-2024-01.zip

CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252, as it is, in .gz or in .zip. Recognised are the files of Yahoo,
TradingView, Binance, MetaTrader 4 and 5, Dukascopy, Stooq, Alpha Vantage, pandas, yfinance, CryptoDataDownload, Finnhub and our own
export; other tables with names of columns (or, in the usual order, without). What a file does not say is not guessed: the command asks for
the option that says it. Bad rows are refused and named, never repaired. The same command goes on where it was interrupted; importing the
same file again changes nothing.

  --file            a file or a folder; may be repeated
  --symbol          a symbol of the registry, such as JSE:NPN, AAPL or BTC/USDT; needed where the names of the files do not say it
  --interval        ${INTERVALS.join(" ")}; the same
  --check           judge every row, say what would happen, and store nothing
  --json            print the report as JSON: an object, of several files a list of them
  --keep-good       store the good rows of a file that has bad ones; without it nothing is stored from the first bad chunk on
  --force           store rows although their spacing says that they are of another interval
  --adjustment      what was done to past prices: ${ADJUSTMENTS.join(", ")} (default unknown; split_dividend with --adjusted)
  --adjusted-as-of  the day up to which past prices are adjusted, as 2026-11-20 (default: of split and split_dividend
                    the day after the file's last row)
  --adjusted        take the adjusted closes of the file for its closes
  --unit            quoted: prices are in the symbol's unit, such as cents; major: in its currency, such as rand

What a file may leave open:
  --timezone        of times without a zone: exchange (the zone of the symbol's exchange), UTC, or a name such as Europe/Athens
  --date-order      of dates such as 03/04/2024 or 24-01-02: ${DATE_ORDERS.join(", ")}
  --decimal         the decimal sign: . or ,
  --delimiter       what separates cells: , ; or tab
  --week-start      the day on which the file's weeks begin: ${WEEK_STARTS.join(", ")}
  --map             which columns hold what, by name (or by number where none are named): time=Date,close="Adj Close"
  --format          the form of the file: ${FORMATS.join(" ")}

  --url             the platform (default http://127.0.0.1:8787, or PORT)
  --help            this text

The admin token is read from ADMIN_TOKEN, or from .dev.vars for a platform on this machine.
Exit status: 0 all rows are in; 1 rows were refused, or some of several files; 2 nothing could be done; 130 interrupted.
`;

/** How the command was called. */
export interface ImportSettings {
  files: string[];
  symbol: string | null;
  interval: Interval | null;
  adjustment: NonNullable<ImportChunk["adjustment"]>;
  adjustedAsOf?: string;
  keepGood: boolean;
  force: boolean;
  checkOnly: boolean;
  json: boolean;
  reading: ReadingOptions;
  url: string;
}

/** Ends the command: it was called wrongly. */
export function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((entry) => entry === value);
  return found ?? fail(`--${name} is "${value}"; it must be one of ${allowed.join(", ")}.`);
}

function optional<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  return value === undefined ? undefined : oneOf(name, value, allowed);
}

function dayOf(text: string | undefined): string | undefined {
  if (text === undefined || z.iso.date().safeParse(text).success) return text;
  return fail(`--adjusted-as-of is "${text}"; it must be a day of the calendar, such as 2026-11-20.`);
}

/** One assignment of --map; a name with a comma stands in quotes. */
const ASSIGNMENT = /^\s*([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,]*))\s*(?:,|$)/;

/** Reads `time=Date,close="Adj Close"`. */
function readMap(texts: readonly string[]): ReadonlyMap<MappedField, string> {
  const map = new Map<MappedField, string>();
  for (const text of texts) {
    let rest = text;
    while (rest.trim() !== "") {
      const match = ASSIGNMENT.exec(rest);
      const field = MAPPED_FIELDS.find((name) => name === match?.[1]);
      const name = match?.[2] ?? match?.[3] ?? match?.[4]?.trim();
      if (!match || !field || !name) {
        return fail(`--map is "${text}"; it must be like time=Date,close="Adj Close", of ${MAPPED_FIELDS.join(", ")}.`);
      }
      map.set(field, name);
      rest = rest.slice(match[0].length);
    }
  }
  return map;
}

const TAB = new Map([
  ["tab", "\t"],
  ["\\t", "\t"],
  ["comma", ","],
  ["semicolon", ";"],
]);

function readDelimiter(text: string | undefined) {
  if (text === undefined) return undefined;
  const found = DELIMITERS.find((delimiter) => delimiter === (TAB.get(text) ?? text));
  return found ?? fail(`--delimiter is "${text}"; it must be one of , ; and tab.`);
}

/** Reads the command's arguments; ends it where they are wrong, or only ask for help. */
export function readArguments(args: string[]): ImportSettings {
  const { values } = parseArgs({
    args,
    options: {
      file: { type: "string", multiple: true, default: [] },
      symbol: { type: "string" },
      interval: { type: "string" },
      adjustment: { type: "string" },
      "adjusted-as-of": { type: "string" },
      adjusted: { type: "boolean", default: false },
      unit: { type: "string" },
      timezone: { type: "string" },
      "date-order": { type: "string" },
      decimal: { type: "string" },
      delimiter: { type: "string" },
      "week-start": { type: "string" },
      map: { type: "string", multiple: true, default: [] },
      format: { type: "string" },
      "keep-good": { type: "boolean", default: false },
      force: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      url: { type: "string", default: defaultUrl() },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  if (values.file.length === 0) fail("--file is missing, such as --file candles.csv. --help explains.");
  const { adjusted } = values;
  return {
    files: values.file,
    symbol: values.symbol ?? null,
    interval: optional("interval", values.interval, INTERVALS) ?? null,
    adjustment: oneOf("adjustment", values.adjustment ?? (adjusted ? "split_dividend" : "unknown"), ADJUSTMENTS),
    adjustedAsOf: dayOf(values["adjusted-as-of"]),
    keepGood: values["keep-good"],
    force: values.force,
    checkOnly: values.check,
    json: values.json,
    reading: {
      format: optional("format", values.format, FORMATS),
      delimiter: readDelimiter(values.delimiter),
      decimal: optional("decimal", values.decimal, [".", ","]),
      dateOrder: optional("date-order", values["date-order"], DATE_ORDERS),
      timezone: values.timezone,
      weekStart: optional("week-start", values["week-start"], WEEK_STARTS),
      map: readMap(values.map),
      adjusted,
      unit: optional("unit", values.unit, PRICE_UNITS),
    },
    url: platformUrl(values.url) ?? fail(invalidUrlMessage(values.url)),
  };
}
