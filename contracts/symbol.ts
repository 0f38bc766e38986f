import { z } from "@hono/zod-openapi";
import { ISIN_FORM, isinCheckDigit } from "../core/isin.ts";
import { type ExchangeCode, MARKET_OF_EXCHANGE } from "../core/market-calendar/markets.ts";
import { MARKET_STATUSES } from "../core/market-calendar/sessions.ts";
import { ASSET_TYPES, CANONICAL_FORM, isSymbolText, normaliseSymbol } from "../core/symbol.ts";
import { withArticle } from "../core/words.ts";
import { choice } from "./choice.ts";
import { PROVIDER_STATES, PROVIDERS } from "./provider.ts";

export const EXCHANGE_CODES = Object.keys(MARKET_OF_EXCHANGE) as [ExchangeCode, ...ExchangeCode[]];

/** `cryptocurrency` is what the earlier platform called `crypto`. */
export const AssetTypeSchema = z.preprocess(
  (value) => (value === "cryptocurrency" ? "crypto" : value),
  choice(ASSET_TYPES),
);

export const PRICE_UNITS_HINT = "ZAc (South African cents) for JSE shares, else the currency";
export const VOLUME_UNITS = ["shares", "base", "quote"] as const;

const text = (max: number) => z.string().trim().min(1).max(max);

const isin = z
  .string()
  .regex(ISIN_FORM, "must be an ISIN: two letters, nine characters, one digit")
  .refine((text) => !ISIN_FORM.test(text) || isinCheckDigit(text) === text.at(-1), {
    error: ({ input }) => `is not an ISIN: its check digit would be ${isinCheckDigit(String(input))}`,
  });

/** What a client may say of a symbol, and what is kept. Unknown is null. */
const facts = {
  name: text(200),
  type: AssetTypeSchema.openapi({ type: "string", enum: [...ASSET_TYPES] }),
  sector: text(100).nullable(),
  industry: text(100).nullable(),
  currency: z.string().regex(/^[A-Z0-9]{2,10}$/, "must be a currency code in capitals, such as ZAR or USDT"),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, "must be a two-letter ISO 3166 code, such as ZA")
    .nullable(),
  primary_exchange: choice(EXCHANGE_CODES),
  market_cap: z.number().finite().positive().nullable().openapi({ description: "In `currency`, never in cents." }),
  shares_outstanding: z.number().finite().positive().nullable(),
  description: text(4000).nullable(),
  website: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .nullable(),
  ceo: text(200).nullable(),
  employees: z.number().int().nonnegative().nullable(),
  founded: z.number().int().min(1500).max(2100).nullable().openapi({ description: "The year." }),
  headquarters: text(200).nullable(),
  listed_on: z.iso
    .date("must be a day of the calendar, such as 1994-09-14")
    .nullable()
    .openapi({ description: "The day of its first trade, 00:00 UTC of which it is known from; null until known." }),
  streaming_available: z.boolean(),
  data_sources: z.array(choice(PROVIDERS)).min(1).max(PROVIDERS.length),
  is_active: z.boolean(),
  isin: isin.nullable(),
  price_unit: z
    .string()
    .regex(/^[A-Za-z0-9]{2,10}$/)
    .openapi({ description: PRICE_UNITS_HINT, example: "ZAc" }),
  price_decimals: z.number().int().min(0).max(12),
  volume_unit: choice(VOLUME_UNITS).nullable(),
};

/** A symbol as the registry keeps it. */
export const SymbolRecordSchema = z.object({
  symbol: z.string().openapi({ example: "JSE:NPN" }),
  ...facts,
  last_updated: z.string().openapi({ format: "date-time" }),
  aliases: z.array(z.string()),
  provider_symbols: z.partialRecord(z.enum(PROVIDERS), z.string()),
});

export type SymbolRecord = z.infer<typeof SymbolRecordSchema>;

/** A symbol as it is answered. */
export const SymbolSchema = SymbolRecordSchema.extend({
  exchange: z
    .enum(EXCHANGE_CODES)
    .openapi({ description: "The same as `primary_exchange`; the name that quotes use." }),
}).openapi("Symbol");

export type SymbolAnswer = z.infer<typeof SymbolSchema>;

/** What a room, a route and a provider must know of a symbol to serve its prices. */
export type Instrument = Pick<
  SymbolRecord,
  | "symbol"
  | "type"
  | "primary_exchange"
  | "currency"
  | "price_unit"
  | "price_decimals"
  | "volume_unit"
  | "data_sources"
  | "provider_symbols"
  | "is_active"
  | "listed_on"
  | "last_updated"
>;

/** The part of a symbol's record that travels with its market data. */
export function instrumentOf(record: SymbolRecord): Instrument {
  const { symbol, type, primary_exchange, currency, price_unit, price_decimals } = record;
  const { volume_unit, data_sources, provider_symbols, is_active, listed_on, last_updated } = record;
  return {
    symbol,
    type,
    primary_exchange,
    currency,
    price_unit,
    price_decimals,
    volume_unit,
    data_sources,
    provider_symbols,
    is_active,
    listed_on,
    last_updated,
  };
}

const providerSymbols = z.partialRecord(z.enum(PROVIDERS), text(100));
const aliases = z
  .array(z.string().transform(normaliseSymbol).refine(isSymbolText, "must look like a symbol, such as NPN.JO"))
  .max(20);

/** What `PUT /symbols/{symbol}` may change. */
export const SymbolChangeSchema = z
  .strictObject({
    ...facts,
    aliases,
    provider_symbols: providerSymbols,
    move_aliases: z.boolean().openapi({
      description: "Take aliases that belong to other symbols from them. Otherwise such an alias is refused.",
    }),
  })
  .omit({ type: true, primary_exchange: true })
  .partial()
  .refine((change) => Object.keys(change).some((name) => name !== "move_aliases"), {
    message: "must name at least one field to change",
    when: ({ issues }) => issues.length === 0,
  })
  .openapi("SymbolChange");

export type SymbolChange = Omit<z.infer<typeof SymbolChangeSchema>, "move_aliases">;

/** JSE symbols name their exchange, and no others do. */
const hasExchangePrefix = (symbol: string, exchange: ExchangeCode): boolean =>
  exchange === "JSE" ? symbol.startsWith("JSE:") : !symbol.includes(":");

/** What `POST /symbols` takes: name, type, exchange and currency are required, the rest is unknown unless it is sent. */
export const NewSymbolSchema = z
  .strictObject({
    ...z.object(facts).partial().shape,
    symbol: z
      .string()
      .transform(normaliseSymbol)
      .refine(isSymbolText, "must be a symbol of at most 32 characters, such as BTC/USDT, AAPL or JSE:NPN"),
    name: facts.name,
    type: facts.type,
    currency: facts.currency,
    primary_exchange: facts.primary_exchange,
    aliases: aliases.optional(),
    provider_symbols: providerSymbols.optional(),
  })
  .check(({ value, issues }) => {
    const form = CANONICAL_FORM[value.type];
    if (form.pattern.test(value.symbol) && hasExchangePrefix(value.symbol, value.primary_exchange)) return;
    const message = `is not how ${withArticle(value.type)} on ${value.primary_exchange} is written here; an example is ${form.example}`;
    issues.push({ code: "custom", path: ["symbol"], message, input: value.symbol });
  })
  .openapi("NewSymbol");

export type NewSymbol = z.infer<typeof NewSymbolSchema>;

/** What the registry adds where the symbol is asked for by name. */
export const SymbolDetailSchema = SymbolSchema.extend({
  session: z.object({
    status: z.enum(MARKET_STATUSES),
    opens_at: z.string().nullable().openapi({ description: "The next opening; null where the market never closes." }),
    closes_at: z.string().nullable().openapi({ description: "The next close; null where the market never closes." }),
    holidays_known: z.boolean(),
  }),
  availability: z.object({
    last_quote_at: z.string().nullable(),
    providers: z.array(
      z.object({
        name: z.enum(PROVIDERS),
        state: z.enum(PROVIDER_STATES),
        reason: z.enum(["no_provider_symbol", "not_configured"]).nullable().openapi({
          description: "Why this source cannot answer for the symbol; null where it can.",
        }),
      }),
    ),
    intervals: z.record(z.string(), z.object({ from: z.string(), to: z.string() })),
  }),
}).openapi("SymbolDetail");

/** An exchange, its hours and its state at the moment. */
export const ExchangeSchema = z
  .object({
    code: z.enum(EXCHANGE_CODES),
    name: z.string(),
    country: z.string().nullable(),
    timezone: z.string(),
    hours: z.object({ open: z.string(), close: z.string(), days: z.string() }),
    status: z.enum(MARKET_STATUSES),
    is_open: z.boolean(),
    next_open: z.string().nullable(),
    next_close: z.string().nullable(),
  })
  .openapi("Exchange");
