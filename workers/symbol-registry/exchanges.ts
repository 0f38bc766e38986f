import { createRoute, z } from "@hono/zod-openapi";
import { flag } from "../../contracts/parameters.ts";
import { ExchangeSchema } from "../../contracts/symbol.ts";
import { type Market, marketOf } from "../../core/market-calendar/markets.ts";
import { isOpen, marketStatus, nextClose, nextOpen } from "../../core/market-calendar/sessions.ts";
import { ASSET_TYPES, type AssetType } from "../../core/symbol.ts";
import { isoTime } from "../../core/time.ts";
import { openReplica } from "../../storage/database.ts";
import { type ExchangeRow, listExchanges } from "../../storage/registry/exchanges.ts";
import { jsonResponse, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";

const TYPE_NAMES: Record<AssetType, string> = {
  stock: "Shares",
  crypto: "Cryptocurrencies",
  forex: "Foreign exchange",
  index: "Indices",
  commodity: "Commodities",
  etf: "Exchange-traded funds",
};

const TypeSchema = z.object({ code: z.enum(ASSET_TYPES), name: z.string() }).openapi("AssetType");

const Query = z.strictObject({
  detail: flag.default(false).openapi({ type: "boolean", description: "Answer objects in place of codes." }),
});

const answerOf = (codes: readonly [string, ...string[]], schema: z.ZodType, name: string) => ({
  200: {
    description: "Codes, or objects with detail=true",
    content: {
      "application/json": {
        schema: z
          .object({
            success: z.literal(true),
            data: z.union([z.array(z.enum(codes)), z.array(schema)]),
            count: z.number().int(),
            timestamp: z.string(),
          })
          .openapi(name),
      },
    },
  },
  304: { description: "Nothing has changed since the entity tag in If-None-Match" },
  ...problemResponses(400, 429),
});

const exchangesRoute = createRoute({
  method: "get",
  path: "/exchanges",
  operationId: "listExchanges",
  summary: "Exchanges, and whether they are open",
  tags: ["Symbols"],
  request: { query: Query },
  responses: answerOf(ExchangeSchema.shape.code.options as [string, ...string[]], ExchangeSchema, "ExchangesAnswer"),
});

const typesRoute = createRoute({
  method: "get",
  path: "/types",
  operationId: "listTypes",
  summary: "Asset types",
  tags: ["Symbols"],
  request: { query: Query },
  responses: answerOf(ASSET_TYPES, TypeSchema, "TypesAnswer"),
});

const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** `09:30` for seconds after midnight; a market that opens on the evening before shows that evening's clock. */
function clock(seconds: number): string {
  const minutes = (((seconds / 60) % 1440) + 1440) % 1440;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function hoursOf(market: Market): { open: string; close: string; days: string } {
  const first = market.open < 0 ? market.tradingDays[0] - 1 : market.tradingDays[0];
  const last = market.tradingDays[market.tradingDays.length - 1];
  return { open: clock(market.open), close: clock(market.close), days: `${DAY_NAMES[first]} to ${DAY_NAMES[last]}` };
}

function exchangeAnswer(row: ExchangeRow, now: number): z.infer<typeof ExchangeSchema> {
  const market = marketOf(row.code);
  const opens = nextOpen(market, now);
  const closes = nextClose(market, now);
  return {
    code: row.code,
    name: row.name,
    country: row.country,
    timezone: market.zone,
    hours: hoursOf(market),
    status: marketStatus(market, now),
    is_open: isOpen(market, now),
    next_open: opens === null ? null : isoTime(opens),
    next_close: closes === null ? null : isoTime(closes),
  };
}

/** Routes of exchanges and asset types. */
export const exchanges = createService();

exchanges.openapi(exchangesRoute, async (c) => {
  const rows = await listExchanges(openReplica(c.env.DB, c.req.header("X-D1-Bookmark")));
  const now = Date.now() / 1000;
  const data = c.req.valid("query").detail ? rows.map((row) => exchangeAnswer(row, now)) : rows.map((row) => row.code);
  return jsonResponse(c, data, {}, { maxAge: c.req.valid("query").detail ? 1 : 60 });
});

exchanges.openapi(typesRoute, async (c) => {
  const types = [...ASSET_TYPES].sort();
  const data = c.req.valid("query").detail ? types.map((code) => ({ code, name: TYPE_NAMES[code] })) : types;
  return jsonResponse(c, data, {}, { maxAge: 60 });
});
