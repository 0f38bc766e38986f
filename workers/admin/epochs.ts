import { createRoute, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { instrumentOf } from "../../contracts/symbol.ts";
import type { QuotePosition } from "../../durable-objects/symbol-events/symbol-events.ts";
import { recordIntent } from "../../storage/audit-log.ts";
import { openPrimary } from "../../storage/database.ts";
import { resolveSymbols } from "../../storage/registry/resolve.ts";
import { auditActorOf } from "../auth/caller.ts";
import { envelope, problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { clearQuotes } from "../market-data/quote-reader.ts";
import { callRoom } from "../rooms/call-room.ts";
import { requireRecord } from "../symbol-registry/symbol-lookup.ts";

const route = createRoute({
  method: "post",
  path: "/admin/epochs/renew",
  operationId: "renewEpoch",
  summary: "Begin a new epoch of a symbol's stream",
  description:
    "For a symbol whose older data was restored: its earlier positions may stand for other events now. Sequence numbers go on. Connected clients get a fresh confirmation with `recovered: false`, and so does every client that comes back with an earlier position. The variable `STREAM_GENERATION` renews all symbols.",
  tags: ["Administration"],
  request: {
    query: NO_QUERY,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({ symbol: z.string().min(1).max(64).openapi({ example: "BTC/USDT" }) }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "The position at which the new epoch begins",
      content: {
        "application/json": {
          schema: z.object({
            success: z.literal(true),
            data: z.object({ symbol: z.string(), epoch: z.string(), seq: z.number().int() }),
            timestamp: z.string(),
          }),
        },
      },
    },
    ...problemResponses(400, 404, 409, 413, 415, 429),
  },
});

/** Routes of /admin/epochs. */
export const epochs = createService();

epochs.openapi(route, async (c) => {
  const text = c.req.valid("json").symbol;
  const registry = openPrimary(c.env.DB);
  const record = await requireRecord(c.env, text, (await resolveSymbols(registry, [text])).get(text));
  const { symbol } = record;
  await recordIntent(registry, auditActorOf(c.var.caller), "epoch.renew", symbol, {});
  const position = await callRoom<QuotePosition>(c.env, symbol, (room) => room.renewEpoch(instrumentOf(record)));
  clearQuotes();
  return c.json(envelope({ symbol, ...position }), 200);
});
