import { ADJUSTED_FIELDS, type Columns, countsTicks } from "./columns.ts";
import type { Layout } from "./layout.ts";
import type { LocalClock } from "./local-clock.ts";
import type { DateOrder, ReadingContext, ReadingOptions } from "./types.ts";

/** How a file is read, as far as it is not written in it. */
interface Readings {
  order: DateOrder | null;
  decimal: "." | ",";
  /** Of times without a zone; null where there are none. */
  clock: LocalClock | null;
  /** Candles that had not closed. */
  open: number;
  /** Whether any row has a volume beside a count of price changes. */
  hasVolumes: boolean;
  options: ReadingOptions;
  context: ReadingContext;
}

const FIRST_OF: Readonly<Record<DateOrder, string>> = { dmy: "day", mdy: "month", ymd: "year" };

/** What is taken to be so of a file, in words; what a caller said is not repeated, but for the zone. */
export function assumptions(layout: Layout, readings: Readings): string[] {
  const { order, decimal, clock, open, options } = readings;
  const found = [...ofLayout(layout, options)];
  if (order !== null && options.dateOrder === undefined) {
    found.push(`dates have the ${FIRST_OF[order]} first`);
  }
  if (decimal === "," && options.decimal === undefined) found.push("the comma is the decimal sign");
  if (clock) found.push(`times are of ${clock.name}`);
  found.push(...ofPrices(layout, readings));
  if (open > 0) found.push(`candles that had not closed are left out (${open})`);
  return found;
}

function* ofLayout({ titles, isUnnamed, format, names }: Layout, { map }: ReadingOptions): Generator<string> {
  if (titles.length > 0)
    yield titles.length > 1 ? `lines ${titles.join(", ")} are titles` : `line ${titles[0]} is a title`;
  if (isUnnamed && format === "csv" && !map?.size) {
    const known = names.filter((name) => !name.startsWith("column "));
    yield `no line names the columns: they are ${known.join(", ")}`;
  }
}

function* ofPrices({ columns, names }: Layout, { hasVolumes, options, context }: Readings): Generator<string> {
  const { weekStart, adjusted, unit } = options;
  if (weekStart && weekStart !== "monday" && context.interval === "1w") {
    yield `weeks that begin on ${weekStart} are those of the Monday after`;
  }
  if (columns.has("otherVolume")) {
    yield hasVolumes
      ? "volumes are of trades, not of price changes"
      : "volumes count price changes, for no row has a volume of trades";
  } else if (countsTicks(names[columns.get("volume") ?? -1] ?? "")) yield "volumes count price changes";
  if (adjusted && columns.has("adjusted")) {
    yield adjustedPrices(columns);
  }
  if (unit === "major" && context.unitsPerMajor > 1) yield `prices are multiplied by ${context.unitsPerMajor}`;
}

/** What is read beside an adjusted close. */
function adjustedPrices(columns: Columns): string {
  const [adjusted, left] = [true, false].map((isAdjusted) =>
    (["open", "high", "low"] as const).filter((field) => columns.has(ADJUSTED_FIELDS[field]) === isAdjusted),
  );
  const volume = columns.has(ADJUSTED_FIELDS.volume) ? ["volume"] : [];
  const taken = [...adjusted, ...volume, "close"];
  const said = taken.length === 1 ? "the close is the adjusted one" : `${taken.join(", ")} are the adjusted ones`;
  return left.length === 0 ? said : `${said}; ${left.join(", ")} are not adjusted, and left out`;
}
