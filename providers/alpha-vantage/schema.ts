import { z } from "zod";
import { amountText, priceText, rowsThatPass } from "../answer-schema.ts";

/** The stamp of a day. */
export const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
/** The stamp of an intraday bar, on the clock of its series. */
export const moment = z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$/);
const field = z.unknown().optional();
const record = z.record(z.string(), z.unknown());

/** The entry whose name begins so: names go on with the interval, or with how far the data are delayed. */
function entryNamed(body: unknown, beginning: string): unknown {
  const entries = Object.entries(record.safeParse(body).data ?? {});
  return entries.find(([name]) => name.startsWith(beginning))?.[1];
}

/** GLOBAL_QUOTE; null where it is empty, which is how an unknown symbol is answered. Zero stands for unknown. */
export const GlobalQuoteSchema = z.preprocess(
  (body) => entryNamed(body, "Global Quote"),
  z.union([
    z.object({
      "01. symbol": z.string(),
      "02. open": amountText,
      "03. high": amountText,
      "04. low": amountText,
      "05. price": priceText,
      "06. volume": amountText,
      /** A date alone: the service does not say when in it the price was true. */
      "07. latest trading day": date,
      "08. previous close": amountText,
    }),
    z.strictObject({}).transform(() => null),
  ]),
);

export type GlobalQuote = NonNullable<z.infer<typeof GlobalQuoteSchema>>;

/** One row of REALTIME_BULK_QUOTES: the regular session; what is traded around it stands in other fields. */
export const BulkQuoteSchema = z.object({
  symbol: z.string(),
  /** New York's clock. */
  timestamp: moment,
  open: amountText.nullable(),
  high: amountText.nullable(),
  low: amountText.nullable(),
  close: priceText,
  volume: amountText.nullable(),
  previous_close: amountText.nullable(),
});

export type BulkQuote = z.infer<typeof BulkQuoteSchema>;

/** The rows are checked one by one, so that a bad one spoils no other. */
export const BulkQuotesSchema = z.object({ data: z.array(z.unknown()) });

/** CURRENCY_EXCHANGE_RATE. Older answers have neither bid nor ask. */
export const ExchangeRateSchema = z
  .object({
    "Realtime Currency Exchange Rate": z.object({
      "1. From_Currency Code": z.string(),
      "3. To_Currency Code": z.string(),
      "5. Exchange Rate": priceText,
      "6. Last Refreshed": moment,
      "7. Time Zone": z.literal("UTC"),
      "8. Bid Price": priceText.or(z.literal("-").transform(() => null)).optional(),
      "9. Ask Price": priceText.or(z.literal("-").transform(() => null)).optional(),
    }),
  })
  .transform((body) => body["Realtime Currency Exchange Rate"]);

export type ExchangeRate = z.infer<typeof ExchangeRateSchema>;

/** A bar; its numbers are checked one by one. Currencies have no volume. */
export const BarSchema = z.object({
  "1. open": field,
  "2. high": field,
  "3. low": field,
  "4. close": field,
  "5. volume": field,
  /** The volume of adjusted days. */
  "6. volume": field,
});

/** New shares for each old one on a date; 1 where nothing was split. */
export const SplitSchema = z.object({ "8. split coefficient": priceText });

const ZONES = {
  UTC: "UTC",
  "US/Eastern": "America/New_York",
  "America/New_York": "America/New_York",
} as const;

/** The parts of a time series under names that do not change with its kind. */
function partsOf(body: unknown): unknown {
  const metadata = Object.entries(record.safeParse(entryNamed(body, "Meta Data")).data ?? {});
  const field = (ending: string): unknown => metadata.find(([name]) => name.endsWith(ending))?.[1];
  return {
    // `2. Symbol`, or `2. From Symbol` and `3. To Symbol`.
    symbol: field(". Symbol") ?? `${field("From Symbol")}/${field("To Symbol")}`,
    zone: field("Time Zone"),
    rows: entryNamed(body, "Time Series"),
  };
}

/** A time series; its rows, by their stamps, are checked one by one, so that a bad one spoils no other. */
export const SeriesSchema = z.preprocess(
  partsOf,
  z.object({
    symbol: z.string(),
    zone: z.enum(["UTC", "US/Eastern", "America/New_York"]).transform((name) => ZONES[name]),
    rows: z.record(z.string(), z.unknown()),
  }),
);

/** TIME_SERIES_INTRADAY and FX_INTRADAY, TIME_SERIES_DAILY and FX_DAILY, TIME_SERIES_DAILY_ADJUSTED. */
export type Series = z.infer<typeof SeriesSchema>;

/** SYMBOL_SEARCH. */
export const SearchSchema = z.object({
  bestMatches: rowsThatPass(
    z.object({
      "1. symbol": z.string().min(1).max(100),
      "2. name": z.string().max(200),
      "3. type": z.string().max(100),
      "4. region": z.string().max(100),
      "8. currency": z.string().max(10),
    }),
  ),
});

export type Search = z.infer<typeof SearchSchema>;

const fact = z.string().max(10_000).optional();

/** OVERVIEW; empty where the symbol is unknown. `None` and `-` stand for unknown. */
export const OverviewSchema = z.object({
  Symbol: fact,
  Name: fact,
  Description: fact,
  Sector: fact,
  Industry: fact,
  Currency: fact,
  Country: fact,
  Address: fact,
  OfficialSite: fact,
  FullTimeEmployees: fact,
  MarketCapitalization: fact,
  SharesOutstanding: fact,
});

export type Overview = z.infer<typeof OverviewSchema>;
