import { createRoute, z } from "@hono/zod-openapi";
import { CANDLE_COLUMNS, CandlesAnswerSchema, type SeriesUnits } from "../../contracts/candle.ts";
import {
  flag,
  intervalParameter,
  SymbolPath,
  timeParameter,
  unitParameter,
  wholeNumber,
} from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { costOfCandles } from "../../contracts/request-costs.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { lastPossibleStamp } from "../../core/buckets.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { unitsIn } from "../../core/price-unit.ts";
import { isoTime } from "../../core/time.ts";
import { seriesUnits } from "../../providers/series-units.ts";
import { formatCursor } from "../http/cursor.ts";
import { csvResponse, formatOf, formatParameter, timeFormatParameter, VARY } from "../http/formats.ts";
import { jsonResponse, problemResponses } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { chargeRest } from "../metering/usage.ts";
import { requireSymbol } from "../symbol-registry/symbol-lookup.ts";
import { type CandlePage, coverageBody, type PageQuery, readCandlePage } from "./candle-reader.ts";
import { timeOfCursor } from "./cursor.ts";
import { candlesIn } from "./in-unit.ts";

const MAX_CANDLES = 5000;

const Query = z
  .strictObject({
    interval: intervalParameter.default("1h"),
    limit: wholeNumber(1, MAX_CANDLES).default(100),
    from: timeParameter.optional(),
    to: timeParameter.optional(),
    order: z.enum(["asc", "desc"], "must be asc or desc").default("asc"),
    format: formatParameter,
    time_format: timeFormatParameter,
    cursor: z
      .string()
      .optional()
      .openapi({ description: "Of an earlier page; the other parameters stay as they were." }),
    include_suspect: flag.default(false).openapi({
      type: "boolean",
      description: "Also answer provider candles that data-quality checks flag. Imported candles are never held back.",
    }),
    unit: unitParameter,
    coverage: z
      .enum(["gaps", "full"], "must be gaps or full")
      .default("gaps")
      .openapi({ description: "`full` lists the market's ordinary closures too." }),
  })
  .refine((query) => query.from === undefined || query.to === undefined || query.from < query.to, {
    path: ["from"],
    message: "must be before to",
  });

type CandleParameters = z.infer<typeof Query>;

const route = createRoute({
  method: "get",
  path: "/ohlcv/{symbol}",
  operationId: "getCandles",
  summary: "Candles of a symbol",
  description:
    'With `from`, pages run forward from it (`order=desc`: backward from `to`). Without, the answer is the last `limit` candles before `to`, and `Link: rel="prev"` leads to older ones. The forming candle is included, with `state: "open"`.',
  tags: ["Candles"],
  request: { params: SymbolPath, query: Query },
  responses: {
    200: {
      description: "A page of candles, and what there is to know of the series and of what is missing",
      content: {
        "application/json": { schema: CandlesAnswerSchema },
        "text/csv": {
          schema: z.string().openapi({
            example:
              "time,open,high,low,close,volume,state,revision,suspect,provider,simulated\n1795046400,219.4,221.88,218.7,221.36,48122019,closed,0,false,simulator,true\n",
          }),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 409, 429, 503),
  },
});

/** Routes under /ohlcv. */
export const ohlcv = createService();

ohlcv.openapi(route, async (c) => {
  const query = c.req.valid("query");
  await chargeRest(c, costOfCandles(query.limit));
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  const page = await readCandlePage(c.env, record, pageQuery(query, record));
  const cursor = page.next === null ? null : formatCursor({ ...positionOf(query, record.symbol), time: page.next });
  const link = cursor === null ? null : linkTo(c, cursor, query.from === undefined ? "prev" : "next");
  const headers = { Vary: VARY, ...(link === null ? {} : { Link: link }) };
  const options = { maxAge: page.forming || page.next === null ? 1 : 60, tiers: [page.tier], headers };
  const { simulated } = page.facts;
  const units = seriesUnits(record, page.facts.provider);
  const ascending = candlesIn(query.unit, units, page);
  const candles = query.order === "desc" ? ascending.toReversed() : ascending;
  if (formatOf(c, query.format) === "csv") {
    const rows = ascending.map((candle, i) => ({
      ...candle,
      time: query.time_format === "iso" ? isoTime(candle.time) : candle.time,
      provider: page.providers[i],
      simulated,
    }));
    const name = `${record.symbol}_${query.interval}`;
    return csvResponse(c, name, CANDLE_COLUMNS, query.order === "desc" ? rows.reverse() : rows, options);
  }
  const siblings = siblingFields(record, query, page, unitsIn(query.unit, units), cursor);
  return jsonResponse(c, candles, siblings, options);
});

function siblingFields(
  record: SymbolRecord,
  query: CandleParameters,
  page: CandlePage,
  units: SeriesUnits,
  cursor: string | null,
) {
  const coverage = coverageBody(page.coverage);
  const { symbol } = record;
  const { facts, segments } = page;
  return { symbol, interval: query.interval, ...facts, ...units, segments, coverage, next_cursor: cursor };
}

const isBackward = (query: CandleParameters): boolean => query.from === undefined || query.order === "desc";

function positionOf(query: CandleParameters, symbol: string) {
  const direction = isBackward(query) ? ("backward" as const) : ("forward" as const);
  return { symbol, interval: query.interval, direction };
}

function pageQuery(query: CandleParameters, record: SymbolRecord): PageQuery {
  const { interval, limit } = query;
  const backward = isBackward(query);
  let to = query.to ?? lastPossibleStamp(marketOf(record.primary_exchange), interval, Date.now() / 1000);
  let from = query.from ?? null;
  if (query.cursor !== undefined) {
    const time = timeOfCursor(query.cursor, positionOf(query, record.symbol));
    if (backward) to = Math.min(to, time);
    else from = Math.max(from ?? time, time);
  }
  if (from !== null && from > to) {
    throw new ApiError("request.invalid", "from must be before to; without to, that is now.", {
      errors: [{ in: "query", path: "from", message: "must be before to, which is now unless given" }],
    });
  }
  return {
    interval,
    limit,
    from,
    to,
    backward,
    fullCoverage: query.coverage === "full",
    includeSuspect: query.include_suspect,
  };
}

/** The address of the next page, relative to this one's. */
function linkTo(c: AppContext, cursor: string, relation: "next" | "prev"): string {
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", cursor);
  return `<${url.pathname}${url.search}>; rel="${relation}"`;
}
