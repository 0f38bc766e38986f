import { CandleFileError, MAPPED_FIELDS, type MappedField, shown } from "./types.ts";

/** What a column of a file can hold, beside what is ignored. */
export type Field = MappedField | "clock" | "adjusted" | AdjustedField | "otherVolume" | "simulated" | "state";

/** The adjusted forms of what may stand beside an adjusted close, by what they are adjusted forms of. */
export const ADJUSTED_FIELDS = {
  open: "adjustedOpen",
  high: "adjustedHigh",
  low: "adjustedLow",
  volume: "adjustedVolume",
} as const;

type AdjustedField = (typeof ADJUSTED_FIELDS)[keyof typeof ADJUSTED_FIELDS];

const TICK_VOLUMES: readonly string[] = ["tickvol", "tick vol", "tick volume", "tickvolume"];

/** The names of columns by what they hold, the likelier ones first: where a file has several, the first group that occurs is taken. */
const NAMES: Readonly<Record<Exclude<Field, "clock">, readonly (readonly string[])[]>> = {
  time: [
    ["unix", "unix timestamp", "unix time", "epoch", "t", "ts"],
    ["open time", "opentime", "time open", "window start"],
    ["timestamp", "gmt time", "local time", "datetime", "date time", "date", "time period start"],
    [
      "time",
      "start",
      "start time",
      "start at",
      "mts",
      "begin",
      "begins at",
      "period",
      "trade date",
      "trading date",
      "day",
    ],
  ],
  open: [["open"], ["o", "open price", "opening price", "1 open", "price open", "first"]],
  high: [["high"], ["h", "high price", "2 high", "price high", "max", "day high"]],
  low: [["low"], ["l", "low price", "3 low", "price low", "min", "day low"]],
  close: [
    ["close"],
    ["c", "close price", "closing price", "4 close", "price close", "close last", "price", "last", "last price"],
  ],
  volume: [
    ["volume"],
    [
      "v",
      "vol",
      "real volume",
      "5 volume",
      "6 volume",
      "volume traded",
      "shares traded",
      "trade volume",
      "total volume",
    ],
    TICK_VOLUMES,
  ],
  adjusted: [["adj close", "adjclose", "adjusted close", "5 adjusted close", "close adj", "adj close price"]],
  adjustedOpen: [["adj open", "adjopen", "adjusted open"]],
  adjustedHigh: [["adj high", "adjhigh", "adjusted high"]],
  adjustedLow: [["adj low", "adjlow", "adjusted low"]],
  adjustedVolume: [["adj volume", "adjvolume", "adjusted volume"]],
  otherVolume: [TICK_VOLUMES],
  simulated: [["simulated"]],
  state: [["state"]],
};

/** Names longer than this are none of candles, but for the sentence that Yahoo's page has beside `Adj Close`. */
const MAX_NAME = 200;

/** A column's name in one spelling: `<CLOSE>`, `Close*` and `close` are one, and so are `open_time`, `openTime` and `Open time`. */
export function normaliseName(name: string): string {
  return name
    .slice(0, MAX_NAME)
    .trim()
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase()
    .replace(/[<>*"'[\]:]/g, "")
    .replace(/[\s_./-]+/g, " ")
    .trim()
    .replace(/^((?:adj )?close) (?:adjusted )?close price adjusted for .*$/, "$1");
}

/** Whether the name of a column of volumes says that they count price changes. */
export const countsTicks = (name: string): boolean => TICK_VOLUMES.includes(normaliseName(name));

const SYMBOLS = new Set(["symbol", "ticker", "tic", "instrument", "instrument name", "instrument id", "pair", "name"]);

/** The position of the column that says whose candles the rows are; -1 where there is none. */
export const symbolColumn = (header: readonly string[]): number =>
  header.findIndex((name) => SYMBOLS.has(normaliseName(name)));

/** Names that say a zone or a unit beside what the column holds: `time (utc)`, `date(gmt)`. */
const UNIVERSAL =
  /^(?:date|time|datetime|timestamp|open time)\s?\(?(?:utc|gmt)\)?$|^(?:utc|gmt) (?:date|time|datetime|timestamp)$/;

/** Whether the name of a column says that its times are of UTC. */
export const saysUniversal = (name: string): boolean => UNIVERSAL.test(normaliseName(name));

/** The bare name of a column of times, without the zone that it says. */
const withoutZone = (name: string): string =>
  UNIVERSAL.test(name) ? "date" : name.replace(/^(date|time|datetime|timestamp|open time)\s?\([a-z]+\)$/, "$1");

/** The columns of a file: which holds what, by its position. */
export type Columns = ReadonlyMap<Field, number>;

/** Where the columns of one field stand; several of one group would be a guess. */
function candidates(names: readonly string[], groups: readonly (readonly string[])[]): number[] {
  for (const group of groups) {
    const found = names.flatMap((name, i) => (group.includes(name) ? [i] : []));
    if (found.length > 0) return found;
  }
  return [];
}

const refuseTwo = (field: string, header: readonly string[], found: readonly number[]): CandleFileError => {
  const names = found
    .slice(0, 3)
    .map((i) => `"${shown(header[i])}"`)
    .join(" and ");
  const isSame = new Set(found.map((i) => header[i])).size === 1;
  const example = isSame ? `${found[0] + 1}` : `"${shown(header[found[0]])}"`;
  return new CandleFileError(
    `The columns ${names} can both be the ${field}: say which, as --map ${field}=${example}${isSame ? ", by its number" : ""}.`,
  );
};

/** The position of the column that a caller names, or numbers from 1. */
function mapped(field: MappedField, name: string, header: readonly string[], isNamed: boolean): number {
  const exact = header.findIndex((each) => each.trim() === name.trim());
  const found = exact >= 0 ? exact : header.findIndex((each) => normaliseName(each) === normaliseName(name));
  if (isNamed && found >= 0) return found;
  const number = /^\d{1,4}$/.test(name.trim()) ? Number(name) - 1 : -1;
  if (number >= 0 && number < header.length) return number;
  const known = header.slice(0, 20).map((each, i) => (isNamed ? `"${shown(each)}"` : String(i + 1)));
  throw new CandleFileError(
    `--map ${field}=${shown(name)} names no column of the file; it has ${known.join(", ")}${header.length > 20 ? " and more" : ""}.`,
  );
}

/**
 * Finds what the columns of a file hold.
 * @param header the cells of the line that names them, as they stand there
 * @param first the cells of the first line below it: a column `time` beside a `date` holds a time of day where it reads as one
 * @returns null where the names are not those of candles
 * @throws CandleFileError where two columns could be the same thing, or one that was named is not there
 */
export function columnsOf(
  header: readonly string[],
  map: ReadonlyMap<MappedField, string>,
  first: readonly string[] | null,
): Columns | null {
  const names = header.map((name) => withoutZone(normaliseName(name)));
  const columns = new Map<Field, number>();
  for (const field of MAPPED_FIELDS) {
    const name = map.get(field);
    if (name !== undefined) columns.set(field, mapped(field, name, header, true));
  }
  const clock = columns.has("time") ? -1 : clockColumn(names, first);
  if (clock >= 0) {
    columns.set("clock", clock);
    columns.set("time", names.indexOf("date"));
  }
  for (const [field, groups] of Object.entries(NAMES) as [Exclude<Field, "clock">, readonly (readonly string[])[]][]) {
    if (columns.has(field)) continue;
    const taken = new Set(columns.values());
    const found = candidates(names, groups).filter((i) => !taken.has(i));
    if (found.length > 1) throw refuseTwo(field === "adjusted" ? "adjusted close" : field, header, found);
    if (found.length === 1) columns.set(field, found[0]);
  }
  return columns.has("time") && (columns.has("close") || columns.has("adjusted")) ? columns : null;
}

const TIME_OF_DAY = /^\d{1,2}:\d{2}|^\d{6}$|^\d{4}$/;

/** The column of the time of day beside one of the date; -1 where there is none. */
function clockColumn(names: readonly string[], first: readonly string[] | null): number {
  const date = names.indexOf("date");
  const time = names.findIndex((name) => name === "time" || name === "timestamp");
  if (date < 0 || time < 0 || date === time) return -1;
  const cell = first?.[time]?.trim() ?? "";
  return TIME_OF_DAY.test(cell) ? time : -1;
}
