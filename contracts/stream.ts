import { z } from "@hono/zod-openapi";
import { MARKET_STATUSES } from "../core/market-calendar/sessions.ts";
import { DAY } from "../core/time.ts";
import { BAR_STATES, CandleSchema } from "./candle.ts";
import { choice } from "./choice.ts";
import { MAX_SPECS } from "./indicator.ts";
import { intervalParameter } from "./parameters.ts";
import { PROBLEMS, type ProblemCode } from "./problem.ts";
import { PROVIDERS } from "./provider.ts";
import { QuoteSchema } from "./quote.ts";

/** The protocol's version, as the subprotocol and `welcome` name it. */
export const SUBPROTOCOL = "wizdata.v1";
export const PROTOCOL = 1;

/** The most symbols that one socket may be subscribed to. */
export const MAX_SYMBOLS = 100;
/** The most subscriptions of one socket, over all channels, intervals and indicators. */
export const MAX_SUBSCRIPTIONS = 1000;
/** The most indicators of one symbol that are calculated live, over all sockets, intervals and parameters. */
export const MAX_LIVE_INDICATORS = 100;
/** The longest message that a client may send. */
export const MAX_MESSAGE_BYTES = 65_536;
/** Seconds between heartbeats. */
export const HEARTBEAT_SECONDS = 30;
/** The most events, and the most bytes of them, in one confirmation. */
export const MAX_REPLAYED_EVENTS = 5000;
export const MAX_REPLAYED_BYTES = 4 * 1024 * 1024;
/** A client that was away longer (seconds) gets no missed bars: years of weeks take long to count. */
export const MAX_ABSENCE_SECONDS = 3_660 * DAY;

/** Why the server closes a socket (RFC 6455, section 7.4; 4008 is our own). */
export const CLOSE = {
  goingAway: 1001,
  policy: 1008,
  tooBig: 1009,
  restart: 1012,
  tryLater: 1013,
  slowConsumer: 4008,
} as const;

export const CHANNELS = ["quotes", "candles", "indicators"] as const;

export type Channel = (typeof CHANNELS)[number];

const epoch = z.string().regex(/^[a-z0-9]{1,16}$/, "must be an epoch, as market_data has it");
const seq = z.number().int().nonnegative();

const QuotePositionSchema = z.strictObject({ epoch, seq });
const BarPositionSchema = z.strictObject({ time: z.number().int() });
const POSITIONS = "must be {epoch, seq} for quotes, {time} for bars, with whole numbers";

/** What a client wants to receive: everything, or the latest at most `max_hz` times a second for each symbol. */
export const DeliverySchema = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("all") }),
  z.strictObject({ mode: z.literal("conflate"), max_hz: z.number().min(0.01).max(20).default(4) }),
]);

export type Delivery = z.infer<typeof DeliverySchema>;

const symbols = z.array(z.string(), 'must be a list of symbols, such as ["BTC/USDT"]').min(1);
const channel = choice(CHANNELS);
const interval = intervalParameter;
const provider = z.enum(PROVIDERS);
const indicators = z.array(z.string(), 'must be a list of indicators, such as ["RSI:14"]').min(1).max(MAX_SPECS);
const id = z.unknown().optional();

const SubscribeSchema = z
  .strictObject({
    action: z.literal("subscribe"),
    symbols,
    channel: channel.default("quotes"),
    interval: interval.default("1h"),
    indicators: indicators.optional(),
    since: z.record(z.string(), z.union([QuotePositionSchema, BarPositionSchema], POSITIONS)).optional(),
    delivery: DeliverySchema.default({ mode: "all" }),
    id,
  })
  .check(({ value, issues }) => {
    if ((value.channel === "indicators") === (value.indicators !== undefined)) return;
    const message = "must be given for the channel indicators, and for no other";
    issues.push({ code: "custom", path: ["indicators"], message, input: value.indicators });
  })
  .check(({ value, issues }) => {
    const wanted = value.channel === "quotes" ? "seq" : "time";
    for (const [symbol, position] of Object.entries(value.since ?? {})) {
      if (wanted in position) continue;
      const form = wanted === "seq" ? "{epoch, seq}" : "{time}";
      issues.push({ code: "custom", path: ["since", symbol], message: `must be ${form} here`, input: position });
    }
  });

const UnsubscribeSchema = z.strictObject({
  action: z.literal("unsubscribe"),
  symbols: symbols.optional(),
  channel: channel.optional(),
  interval: interval.optional(),
  indicators: indicators.optional(),
  since: z.unknown().optional(),
  delivery: z.unknown().optional(),
  id,
});

/** Everything that a client may say. */
export const ClientMessageSchema = z.discriminatedUnion("action", [
  SubscribeSchema,
  UnsubscribeSchema,
  z.looseObject({ action: z.literal("ping") }),
  z.strictObject({ action: z.literal("list"), id }),
  z.strictObject({ action: z.literal("ack"), beat: z.number().int().nonnegative(), id }),
]);

export const ACTIONS = ["subscribe", "unsubscribe", "ping", "list", "ack"] as const;

export type ClientMessage = z.infer<typeof ClientMessageSchema>;
export type Subscribe = z.infer<typeof SubscribeSchema>;
export type Unsubscribe = z.infer<typeof UnsubscribeSchema>;

/** A subscription of a socket, as its client sees it. */
export const SubscriptionSchema = z.object({
  symbol: z.string(),
  channel,
  interval: interval.optional(),
  indicator: z.string().optional(),
  delivery: DeliverySchema,
});

const recovered = z.boolean().nullable();
const missed = z.array(z.record(z.string(), z.unknown()));
const isCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);
const code = z.string().refine(isCode);
const timestamp = z.iso.datetime({ precision: 3 });

/** Where a client stands in a symbol's quotes after its confirmation; `epoch` is null before a symbol's first event. */
export const ConfirmedQuotesSchema = z.object({
  epoch,
  seq,
  recovered,
  missed,
  snapshot: QuoteSchema.nullable(),
});

/** Where a client stands in a symbol's bars. With several indicators, the first closed bar that all of them have. */
export const ConfirmedBarsSchema = z.object({ time: z.number().int().nullable(), recovered, missed });

const frame = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), timestamp, ...shape });

/** Every frame that the server sends, but for `pong`. */
export const ServerFrameSchema = z.discriminatedUnion("type", [
  frame("welcome", {
    connection_id: z.string(),
    protocol: z.literal(PROTOCOL),
    limits: z.object({ symbols: z.number(), message_bytes: z.number(), unacknowledged_bytes: z.number() }),
    heartbeat_interval: z.number(),
    message: z.string(),
  }),
  frame("subscription_confirmed", {
    id,
    channel,
    symbols: z.array(z.string()),
    rejected: z.array(
      z.object({
        symbol: z.string(),
        code,
        detail: z.string(),
        /** The nearest symbols to one that is unknown. */
        suggestions: z.array(z.string()).optional(),
        /** Seconds after which it may be asked for again, with rate_limit.exceeded. */
        retry_after: z.number().int().optional(),
      }),
    ),
    subscriptions: z.array(SubscriptionSchema),
    positions: z.record(z.string(), z.union([ConfirmedQuotesSchema, ConfirmedBarsSchema])),
  }),
  frame("unsubscription_confirmed", {
    id,
    symbols: z.array(z.string()),
    subscriptions: z.array(SubscriptionSchema),
  }),
  frame("subscriptions", { id, subscriptions: z.array(SubscriptionSchema) }),
  frame("market_data", { skipped: seq.optional(), symbol: z.string(), epoch, seq, data: QuoteSchema }),
  frame("candle", { symbol: z.string(), interval, provider, data: CandleSchema }),
  frame("indicator", {
    symbol: z.string(),
    interval,
    provider,
    indicator: z.string(),
    time: z.number().int(),
    value: z.unknown(),
    state: z.enum(BAR_STATES),
  }),
  frame("reset", {
    symbol: z.string(),
    interval,
    from: z.number().int().openapi({ description: "Stamp of the first bar that may have changed, unix seconds." }),
  }),
  frame("gap", { symbol: z.string(), from_seq: seq, to_seq: seq, reason: z.string() }),
  frame("heartbeat", {
    beat: z.number().int(),
    connections: z.number().int(),
    subscriptions: z.number().int(),
    symbols: z.record(
      z.string(),
      z.object({
        seq: seq.nullable(),
        last_event_at: timestamp.nullable(),
        market_status: z.enum(MARKET_STATUSES),
        expected: z.enum(["active", "quiet", "closed"]),
      }),
    ),
  }),
  frame("broadcast", {
    message: z.string(),
    data: z.object({ message: z.string() }).openapi({ description: "The same, as the earlier platform sent it." }),
  }),
  frame("error", { code, detail: z.string(), id }),
]);

/** The last server-sent event of a stream that the platform ends. */
export const EndEventSchema = frame("end", {
  code: z.number().int().openapi({ description: "The close code that a socket would have had." }),
  detail: z.string(),
});

export type EndEvent = z.infer<typeof EndEventSchema>;

export type ServerFrame = z.infer<typeof ServerFrameSchema>;
export type ServerFrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** What there is to know of an open socket, for those who run the platform. */
export const ConnectionSchema = z
  .object({
    connection_id: z.string(),
    at: z.string().openapi({ description: "The hub or the symbol's room that holds it." }),
    connected_at: z.string(),
    address: z.string(),
    caller: z.string(),
    subscriptions: z.array(z.string()).openapi({ description: "The symbols that it carries, at most a hundred." }),
    subscription_count: z.number().int().openapi({ description: "Subscriptions: a symbol may have several." }),
    last_ping: z.string().openapi({
      format: "date-time",
      description: "When its client was last received of; its opening where that has not been since.",
    }),
  })
  .openapi("Connection");

export type ConnectionAnswer = z.infer<typeof ConnectionSchema>;
