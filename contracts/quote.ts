import { z } from "@hono/zod-openapi";
import { FRESHNESS } from "../core/freshness.ts";
import { MARKET_STATUSES } from "../core/market-calendar/sessions.ts";
import { EXCLUSION_REASONS } from "../core/quotes/consensus.ts";
import { choiceHint } from "../core/words.ts";
import { PROVIDERS } from "./provider.ts";
import { VOLUME_UNITS } from "./symbol.ts";

const number = z.number().nullable();

/** What a symbol's room keeps of a quote: everything but what depends on when it is read. */
export const StoredQuoteSchema = z.object({
  symbol: z.string(),
  price: number,
  change: number,
  change_percent: number,
  open: number,
  high: number,
  low: number,
  previous_close: number,
  volume: number,
  market_cap: number,
  bid: number,
  ask: number,
  window: z.enum(["session", "24h"]).openapi({ description: "What open, high, low, volume and change cover." }),
  currency: z.string(),
  price_unit: z.string(),
  volume_unit: z.enum(VOLUME_UNITS).nullable(),
  exchange: z.string(),
  price_basis: z.enum(["exchange", "index", "fix"]),
  timestamp: z.string().openapi({ description: "The source's own time of the price.", format: "date-time" }),
  received_at: z.string().openapi({ description: "When this platform got it.", format: "date-time" }),
  provider: z.enum(PROVIDERS),
  simulated: z.boolean(),
  epoch: z.string().regex(/^[a-z0-9]{1,16}$/),
  seq: z.number().int().positive(),
});

export type StoredQuote = z.infer<typeof StoredQuoteSchema>;

/** A quote as it is answered. */
export const QuoteSchema = StoredQuoteSchema.extend({
  freshness: z.enum(FRESHNESS),
  age_seconds: z.number().nonnegative().openapi({ description: "Wall-clock seconds since `timestamp`." }),
  market_status: z.enum(MARKET_STATUSES),
}).openapi("Quote");

export type Quote = z.infer<typeof QuoteSchema>;

/** The fields of a quote, in the order in which tables have them. */
export const QUOTE_FIELDS = QuoteSchema.keyof().options;

/** One of them. The error for any other text lists them, and names the one that was probably meant. */
export const QuoteFieldSchema = z.enum(QUOTE_FIELDS, {
  error: ({ input }) => `must be one of ${QUOTE_FIELDS.join(", ")}${choiceHint(input, QUOTE_FIELDS)}`,
});

export type QuoteField = z.infer<typeof QuoteFieldSchema>;

/** What several sources say of one price. */
export const ConsensusSchema = z
  .object({
    price: z.number().nullable().openapi({
      description:
        "A price that a source gave: of three or more the median, of two the first source's. Null where none counts.",
    }),
    agreement: z.boolean().nullable().openapi({
      description:
        "Whether all prices that count lie within the asset class's tolerance; null where fewer than two count.",
    }),
    sources: z.array(
      z.object({
        provider: z.enum(PROVIDERS),
        price: z.number(),
        timestamp: z.string().openapi({ format: "date-time" }),
        freshness: z.enum(FRESHNESS),
        included: z.boolean(),
        reason: z.enum(EXCLUSION_REASONS).nullable().openapi({
          description:
            "Why the price is left out; null where it is not. `too_old` is one that `max_age` does not allow.",
        }),
        deviation_percent: z.number().nullable(),
        outlier: z.boolean(),
      }),
    ),
    outliers: z.array(z.enum(PROVIDERS)),
    silent: z.array(z.object({ provider: z.enum(PROVIDERS), reason: z.string() })),
  })
  .openapi("Consensus");

export type Consensus = z.infer<typeof ConsensusSchema>;

/** A quote without its position in the stream, as a provider says it. */
export type ProviderQuote = Omit<StoredQuote, "epoch" | "seq">;
