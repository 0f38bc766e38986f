import { createRoute, z } from "@hono/zod-openapi";
import { distinctSpecs, MAX_SPECS } from "../../contracts/indicator.ts";
import { intervalParameter, SymbolPath } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { CHANNELS } from "../../contracts/stream.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { historyDemand } from "../../durable-objects/streaming/commands/history-access.ts";
import type { HandshakeRequest } from "../../durable-objects/streaming/connections/handshake-request.ts";
import type { Subject } from "../../durable-objects/streaming/protocol/subscription.ts";
import { problemResponses } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { requireSpecs, SPECS_MESSAGE, splitSpecs } from "../indicator-engine/specs.ts";
import { chargeWork } from "../metering/usage.ts";
import { requireActive, requireSymbol } from "../symbol-registry/symbol-lookup.ts";
import { checkOrigin, confirmHandshake, handshakeFor, mayReadHistory } from "./handshakes.ts";
import { openAtHub, regionOf } from "./hubs.ts";
import { ticketParameter } from "./sockets.ts";
import { bridgeEvents, type EventStreamRequest } from "./sse-bridge.ts";

const Query = z
  .strictObject({
    ticket: ticketParameter,
    channel: z.enum(CHANNELS, `must be one of ${CHANNELS.join(", ")}`).default("quotes"),
    interval: intervalParameter.default("1h"),
    indicators: z
      .string()
      .transform(splitSpecs)
      .refine((texts) => texts.length >= 1 && distinctSpecs(texts).length <= MAX_SPECS, SPECS_MESSAGE)
      .optional()
      .openapi({ type: "string", description: "Separated by commas, for the channel indicators." }),
    last_event_id: z.string().max(40).optional().openapi({
      description:
        "The same as the header, for a page that opens a new stream with a new ticket. The header goes before it: an EventSource that comes back by itself sends the newer id there.",
      example: "k2f9x0a1b3c4:1042",
    }),
    max_hz: z.coerce.number().min(0.01).max(20).optional().openapi({
      description: "The most events a second; those in between are left out, and `skipped` says how many.",
    }),
  })
  .refine((query) => (query.channel === "indicators") === (query.indicators !== undefined), {
    path: ["indicators"],
    message: "must be given for the channel indicators, and for no other",
  });

const route = createRoute({
  method: "get",
  path: "/stream/{symbol}",
  operationId: "streamSymbol",
  summary: "A symbol's stream as server-sent events",
  description:
    "Events are named by the `type` of the frames of /ws, and carry them as data. `id` is `epoch:seq`. A client that comes back with `Last-Event-ID`, or `last_event_id`, gets `subscription_confirmed`, then what it missed as events with their own ids, then what is new; `recovered: false` and a snapshot say that it cannot be had. For candles and indicators that needs the scope `read` and costs what the request for as many bars costs. `event: heartbeat` comes every 30 s. Where the platform ends a stream, the last event is `end`, with the close code and the reason of a socket in `code` and `detail`: after all but 1008 and 1009 come back.",
  tags: ["Streaming"],
  request: {
    params: SymbolPath,
    query: Query,
    headers: z.object({
      "last-event-id": z
        .string()
        .optional()
        .openapi({ description: "The id of the last event that was seen.", example: "k2f9x0a1b3c4:1042" }),
    }),
  },
  responses: {
    200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } },
    ...problemResponses(400, 403, 404, 409, 410, 429, 503),
  },
});

const QUOTE_ID = /^([a-z0-9]{1,16}):(\d{1,15})$/;
const BAR_ID = /^-?\d{1,12}$/;

/** @throws ApiError request.invalid where the id is none of ours */
function positionOf(
  id: string | undefined,
  channel: EventStreamRequest["channel"],
  where: { in: "header" | "query"; path: string },
): EventStreamRequest["since"] {
  if (id === undefined || id === "") return null;
  const quote = QUOTE_ID.exec(id);
  if (channel === "quotes" && quote) return { epoch: quote[1], seq: Number(quote[2]) };
  if (channel !== "quotes" && BAR_ID.test(id)) return { time: Number(id) };
  const message = channel === "quotes" ? "must be epoch:seq, as an event's id" : "must be the opening of a bar";
  throw new ApiError("request.invalid", `${where.path} ${message}.`, { errors: [{ ...where, message }] });
}

/**
 * Takes what the history of a stream costs, as REST would, before it is opened: a client of events has no other way to learn that it
 * does not get it.
 * @throws ApiError auth.forbidden where the caller may not read, rate_limit.exceeded where its quota is used up
 */
async function chargeHistory(
  c: AppContext,
  exchange: SymbolRecord["primary_exchange"],
  request: EventStreamRequest,
): Promise<void> {
  const { channel, interval, since } = request;
  if (channel === "quotes") return;
  const time = since !== null && "time" in since ? since.time : null;
  if (time !== null && !mayReadHistory(c)) {
    const detail = 'Missed bars need the scope "read", which your key does not have. Come back without Last-Event-ID.';
    throw new ApiError("auth.forbidden", detail);
  }
  const specs = new Set((request.indicators ?? []).map((spec) => spec.toLowerCase()));
  const subjects: Subject[] =
    channel === "candles"
      ? [{ channel, interval }]
      : Array.from(specs, (indicator) => ({ channel, interval, indicator }));
  const { cost } = historyDemand(subjects, exchange, time, Date.now() / 1000);
  await chargeWork(c, c.var.caller.kind === "anonymous" ? cost - 1 : cost);
}

/** Routes that answer with server-sent events. */
export const eventStreams = createService();

eventStreams.openapi(route, async (c) => {
  checkOrigin(c);
  const { channel, interval, indicators, max_hz, last_event_id } = c.req.valid("query");
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  requireActive(record);
  const sent = c.req.header("Last-Event-ID");
  const since = sent
    ? positionOf(sent, channel, { in: "header", path: "Last-Event-ID" })
    : positionOf(last_event_id, channel, { in: "query", path: "last_event_id" });
  const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
  const question: EventStreamRequest = {
    symbol: record.symbol,
    channel,
    interval,
    indicators: indicators && requireSpecs(indicators, "query"),
    since,
    maxHz: max_hz ?? null,
  };
  if (c.req.method === "HEAD") return c.body(null, 200, headers);
  await chargeHistory(c, record.primary_exchange, question);
  const handshake: HandshakeRequest = { ...handshakeFor(c), history: { kind: "free" } };
  const response = await confirmHandshake(c, await openAtHub(c.env, regionOf(c.req.raw, c.env), handshake));
  const socket = response.webSocket;
  if (!socket) throw new Error("a hub answered without a socket");
  const events = bridgeEvents(socket, question);
  return c.body(events, 200, headers);
});
