import { createRoute, z } from "@hono/zod-openapi";
import { flag, SymbolPath, unitParameter, wholeNumber } from "../../contracts/parameters.ts";
import { ApiError, BatchProblemSchema, type Problem, ProblemSchema } from "../../contracts/problem.ts";
import {
  ConsensusSchema,
  QUOTE_FIELDS,
  type Quote,
  type QuoteField,
  QuoteFieldSchema,
  QuoteSchema,
} from "../../contracts/quote.ts";
import { costOfQuotes } from "../../contracts/request-costs.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { nextOpen } from "../../core/market-calendar/sessions.ts";
import type { PriceUnit } from "../../core/price-unit.ts";
import { count } from "../../observability/metrics/collector.ts";
import { csvResponse, formatOf, formatParameter, VARY } from "../http/formats.ts";
import { digestOf, jsonResponse, problemResponses, type ReadOptions, type Tier } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { chargeRest } from "../metering/usage.ts";
import { requireActive, requireRecord, requireSymbol, resolveAll } from "../symbol-registry/symbol-lookup.ts";
import { withConsensus } from "./consensus.ts";
import { consensusIn, quoteIn } from "./in-unit.ts";
import { type QuoteOptions, readQuotes } from "./quote-reader.ts";

const MAX_SYMBOLS = 100;
const YEAR = 31_536_000;

const maxAge = wholeNumber(0, YEAR).optional().openapi({
  type: "integer",
  minimum: 0,
  maximum: YEAR,
  description: "The most open-market seconds since the price was true. Where it cannot be met the answer is 503.",
  example: 60,
});

const symbolList = z
  .union([z.string(), z.array(z.string())], "must name 1 to 100 symbols, such as symbols=BTC/USDT,AAPL")
  .transform((given) => {
    const names = (Array.isArray(given) ? given : [given]).flatMap((part) => part.split(","));
    return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))];
  })
  .refine(
    (names) => names.length >= 1 && names.length <= MAX_SYMBOLS,
    "must name 1 to 100 symbols, such as symbols=BTC/USDT,AAPL",
  )
  .openapi({
    type: "array",
    items: { type: "string" },
    minItems: 1,
    maxItems: MAX_SYMBOLS,
    description: "1 to 100 symbols, separated by commas or repeated.",
  });

const fieldList = z
  .string()
  .transform((text) => [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== ""))
  .pipe(z.array(QuoteFieldSchema).min(1, "must name fields of a quote, such as fields=price,change_percent"))
  .optional()
  .openapi({
    type: "string",
    description: "The fields of each quote that are answered, separated by commas; all unless it is said.",
    example: "price,change_percent",
  });

const TABLE_OF_QUOTES = z.string().openapi({
  example: "symbol,price,change_percent,error\nAAPL,317.68,0.42,\nNOSUCH,,,symbol.not_found\n",
});

const quoteRoute = createRoute({
  method: "get",
  path: "/quotes/{symbol}",
  operationId: "getQuote",
  summary: "The latest quote of a symbol",
  tags: ["Quotes"],
  request: {
    params: SymbolPath,
    query: z.strictObject({
      max_age: maxAge,
      unit: unitParameter,
      format: formatParameter,
      consensus: flag.default(false).openapi({
        type: "boolean",
        description:
          "Ask every source now. The price is one that a source gave: of three or more the median, of two the first source's.",
      }),
    }),
  },
  responses: {
    200: {
      description: "The quote, with its source, its time and its freshness",
      content: {
        "text/csv": { schema: TABLE_OF_QUOTES },
        "application/json": {
          schema: z
            .object({
              success: z.literal(true),
              data: QuoteSchema.extend({ consensus: ConsensusSchema.optional() }),
              timestamp: z.string(),
            })
            .openapi("QuoteAnswer"),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 409, 410, 429, 503),
  },
});

const allFailed = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: BatchProblemSchema } },
});

const batchRoute = createRoute({
  method: "get",
  path: "/quotes",
  operationId: "getQuotes",
  summary: "The latest quotes of up to 100 symbols",
  tags: ["Quotes"],
  request: {
    query: z.strictObject({
      symbols: symbolList,
      max_age: maxAge,
      unit: unitParameter,
      format: formatParameter,
      fields: fieldList,
    }),
  },
  responses: {
    200: {
      description: "Quotes by canonical symbol; a symbol that failed stands in `errors` and does not fail the others",
      content: {
        "text/csv": { schema: TABLE_OF_QUOTES },
        "application/json": {
          schema: z
            .object({
              success: z.literal(true),
              data: z.record(z.string(), QuoteSchema.partial()),
              resolved: z.record(z.string(), z.string()),
              errors: z.record(z.string(), ProblemSchema.partial()),
              count: z.number().int(),
              timestamp: z.string(),
            })
            .openapi("QuotesAnswer"),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    404: allFailed("No symbol has a quote, and none will have one soon"),
    503: allFailed("No symbol has a quote now: `Retry-After` says when to ask again"),
    ...problemResponses(400, 429),
  },
});

const quoteOptionsOf = (c: AppContext, maxAge: number | undefined): QuoteOptions => ({
  maxAge: maxAge ?? null,
  noCache: /\bno-cache\b/i.test(c.req.header("Cache-Control") ?? ""),
});

/** Seconds for which others may keep a quote: one while it moves, longer while its market sleeps. */
function cacheSeconds(quote: Quote, record: SymbolRecord): number {
  if (quote.freshness === "historical") return 5;
  if (quote.market_status === "open") return 1;
  const now = Date.now() / 1000;
  const opens = nextOpen(marketOf(record.primary_exchange), now) ?? now;
  return Math.max(1, Math.min(15, Math.floor(opens - now)));
}

const stateOf = (quote: Quote, unit: PriceUnit): string =>
  `${quote.epoch}-${quote.seq}-${quote.freshness}-${quote.market_status}${unit === "quoted" ? "" : `-${unit}`}`;

function countServed({ provider, freshness }: Quote): void {
  count("wizdata_quotes_served_total", { provider, freshness });
}

/** Routes under /quotes. */
export const quotes = createService();

quotes.openapi(quoteRoute, async (c) => {
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  requireActive(record);
  const { max_age, unit, consensus, format } = c.req.valid("query");
  const options = quoteOptionsOf(c, max_age);
  const readings = await readQuotes(c.env, [record], options);
  const reading = readings.get(record.symbol);
  if (!reading || reading instanceof ApiError) throw reading ?? new Error("a symbol that was read has no reading");
  const { quote, tier } = reading;
  countServed(quote);
  if (consensus) {
    const data = await withConsensus(c.env, record, quote, options.maxAge);
    return jsonResponse(c, consensusIn(unit, data), {}, { maxAge: 0, tiers: ["provider"] });
  }
  const answered = quoteIn(unit, quote);
  const maxAge = cacheSeconds(quote, record);
  const read: ReadOptions = { weakTag: stateOf(quote, unit), maxAge, tiers: [tier], headers: { Vary: VARY } };
  if (formatOf(c, format) === "csv") return csvResponse(c, record.symbol, QUOTE_FIELDS, [answered], read);
  return jsonResponse(c, answered, {}, read);
});

quotes.openapi(batchRoute, async (c) => {
  const { symbols, max_age, unit, format, fields } = c.req.valid("query");
  await chargeRest(c, costOfQuotes(symbols.length));
  const { records, resolved, errors } = await resolveBatch(c.env, symbols);
  const readings = await readQuotes(c.env, [...new Set(records.values())], quoteOptionsOf(c, max_age));
  const data: Record<string, Quote> = {};
  const tiers: Tier[] = [];
  let keep = 15;
  for (const [asked, record] of records) {
    const reading = readings.get(record.symbol);
    if (!reading) continue;
    if (reading instanceof ApiError) {
      errors.set(asked, reading.toProblem());
      continue;
    }
    data[record.symbol] = quoteIn(unit, reading.quote);
    countServed(reading.quote);
    tiers.push(reading.tier);
    keep = Math.min(keep, cacheSeconds(reading.quote, record));
  }
  const answered = Object.values(data);
  if (answered.length === 0) throw batchError(errors);
  const state = answered
    .map((quote) => `${quote.symbol}-${stateOf(quote, unit)}`)
    .concat([...errors].map(([name, { code }]) => `${name}-${code}`));
  const weakTag = await digestOf([...state, ...(fields ?? [])].join());
  const options: ReadOptions = { weakTag, maxAge: keep, tiers, headers: { Vary: VARY } };
  if (formatOf(c, format) === "csv") return quotesAsCsv(c, answered, errors, fields, options);
  const shown = fields ? Object.fromEntries(answered.map((quote) => [quote.symbol, pick(quote, fields)])) : data;
  return jsonResponse(c, shown, { resolved, errors: Object.fromEntries(errors), count: answered.length }, options);
});

const pick = (quote: Quote, fields: readonly QuoteField[]) =>
  Object.fromEntries(fields.map((field) => [field, quote[field]]));

/** Quotes as a table: a symbol that failed is a row as well, with nothing but its name and the code of its problem. */
function quotesAsCsv(
  c: AppContext,
  quotes: readonly Quote[],
  errors: ReadonlyMap<string, Problem>,
  fields: readonly QuoteField[] | undefined,
  options: ReadOptions,
) {
  const asked = (fields ?? QUOTE_FIELDS).filter((field) => field !== "symbol");
  const columns = ["symbol", ...asked, "error"];
  const empty = Object.fromEntries(columns.map((column) => [column, null]));
  const rows = [
    ...quotes.map((quote) => ({ ...quote, error: null })),
    ...Array.from(errors, ([symbol, { code }]) => ({ ...empty, symbol, error: code })),
  ];
  return csvResponse<string>(c, "quotes", columns, rows, options);
}

interface Batch {
  /** By the text that was asked for. */
  records: Map<string, SymbolRecord>;
  resolved: Record<string, string>;
  /** By the text that was asked for, which may be any: `__proto__` is no key for a plain object. */
  errors: Map<string, Problem>;
}

async function resolveBatch(env: Env, texts: readonly string[]): Promise<Batch> {
  const batch: Batch = { records: new Map(), resolved: {}, errors: new Map() };
  const resolutions = await resolveAll(env, texts);
  const byCanonical = new Map<string, SymbolRecord>();
  for (const text of texts) {
    try {
      const found = await requireRecord(env, text, resolutions.get(text));
      requireActive(found);
      const record = byCanonical.get(found.symbol) ?? found;
      byCanonical.set(record.symbol, record);
      batch.records.set(text, record);
      if (record.symbol !== text) batch.resolved[text] = record.symbol;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      batch.errors.set(text, error.toProblem());
    }
  }
  return batch;
}

/** The problem of a batch in which nothing succeeded: 503 if asking again may help, else 404. */
function batchError(errors: Map<string, Problem>): ApiError {
  const unavailable = [...errors.values()].some((problem) => problem.status === 503);
  const detail = `None of the ${errors.size} symbols has a quote; see errors for details.`;
  const extensions = { errors: Object.fromEntries(errors) };
  if (!unavailable) return new ApiError("symbol.not_found", detail, { extensions });
  return new ApiError("quote.unavailable", detail, { headers: { "Retry-After": "5" }, extensions });
}
