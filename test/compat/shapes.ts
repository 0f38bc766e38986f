import { z } from "zod";

/** Prices and the like: a number, or null where the earlier platform had a number that we do not know. */
const number = z.number().nullable();
const text = z.string().nullable();
const count = z.number().int().nonnegative();
const answer = z.looseObject({ success: z.literal(true), timestamp: z.string() });

const Quote = z.looseObject({
  symbol: z.string(),
  price: number,
  change: number,
  change_percent: number,
  volume: number,
  high: number,
  low: number,
  market_cap: number,
  currency: z.string(),
  exchange: z.string(),
  timestamp: z.string(),
});

const Candle = z.looseObject({
  time: z.number().int(),
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
});

const SymbolShape = z.looseObject({
  symbol: z.string(),
  name: z.string(),
  type: z.string(),
  sector: text,
  industry: text,
  currency: z.string(),
  country: text,
  primary_exchange: z.string(),
  exchange: z.string(),
  market_cap: number,
  shares_outstanding: number,
  description: text,
  website: text,
  ceo: text,
  employees: number,
  founded: number,
  headquarters: text,
  streaming_available: z.boolean(),
  data_sources: z.array(z.string()),
});

const column = z.array(number);

/** What each route answered: its keys and their JSON types. More keys are welcome. */
export const SHAPES = {
  quote: answer.extend({ data: Quote }),
  quotes: answer.extend({ data: z.record(z.string(), Quote) }),
  candles: answer.extend({ data: z.array(Candle).min(1) }),
  symbols: answer.extend({ data: z.array(SymbolShape).min(1) }),
  symbol: answer.extend({ data: SymbolShape }),
  streamable: answer.extend({
    data: z
      .array(
        z.looseObject({
          symbol: z.string(),
          name: z.string(),
          type: z.string(),
          exchange: z.string(),
          data_sources: z.array(z.string()),
        }),
      )
      .min(1),
  }),
  names: answer.extend({ data: z.array(z.string()).min(1) }),
  indicators: answer.extend({
    symbol: z.string(),
    indicators: z.record(z.string(), z.union([column, z.record(z.string(), column)])),
    calculation_time: z.number().nonnegative(),
    data_points_used: count,
  }),
  available: answer.extend({
    indicators: z.record(z.string(), z.array(z.looseObject({ name: z.string() }))),
    total_count: count,
  }),
  status: answer.extend({
    status: z.literal("operational"),
    connections: count,
    active_subscriptions: count,
    subscribed_symbols: z.array(z.string()),
  }),
  connections: answer.extend({
    connections: z.array(
      z.looseObject({
        connection_id: z.string(),
        subscriptions: z.array(z.string()),
        connected_at: z.string(),
        last_ping: z.string(),
      }),
    ),
    total_connections: count,
  }),
  subscriptions: answer.extend({
    subscriptions: z.record(
      z.string(),
      z.looseObject({ subscriber_count: count, connection_ids: z.array(z.string()) }),
    ),
    total_symbols: count,
  }),
  broadcast: answer.extend({ message: z.string(), sent_to: count }),
  health: z.looseObject({ status: z.literal("healthy"), service: z.string(), timestamp: z.string() }),
} satisfies Record<string, z.ZodType>;

/** What the server's frames carried, beside their `type`. */
export const FRAMES = {
  welcome: z.looseObject({ connection_id: z.string(), message: z.string() }),
  subscription_confirmed: z.looseObject({ symbols: z.array(z.string()) }),
  unsubscription_confirmed: z.looseObject({ symbols: z.array(z.string()) }),
  market_data: z.looseObject({ symbol: z.string(), data: Quote }),
  heartbeat: z.looseObject({ connections: count, subscriptions: count }),
  broadcast: z.looseObject({ data: z.looseObject({}) }),
} satisfies Record<string, z.ZodType>;
