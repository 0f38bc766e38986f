import { z } from "zod";
import { amount, price, rowsThatPass } from "../answer-schema.ts";

const known = z.number().refine(Number.isFinite).nullish();

/** One coin of `/coins/markets`. What the service does not know of a coin is null there. */
export const MarketSchema = z.object({
  id: z.string(),
  current_price: price,
  /** Zero where it is not known. */
  market_cap: amount.nullish(),
  /** Of the last 24 hours, in the asked currency. */
  total_volume: amount.nullish(),
  high_24h: price.nullish(),
  low_24h: price.nullish(),
  price_change_24h: known,
  last_updated: z.iso.datetime({ offset: true }),
});

export type Market = z.infer<typeof MarketSchema>;

/** The rows are checked one by one, so that a bad one spoils no other. */
export const MarketsSchema = z.array(z.unknown());

/** [milliseconds at which the candle ends, open, high, low, close]. */
export const OhlcRowSchema = z.array(z.unknown()).min(5);

/** The rows are checked one by one, so that a bad one spoils no other. */
export const OhlcSchema = z.array(z.unknown());

/** [milliseconds, price]. */
export const PointSchema = z.array(z.unknown()).min(2);

/** The points of `prices`, checked one by one; market values and volumes stand beside and are not used: they are of 24 hours each. */
export const ChartSchema = z.object({ prices: z.array(z.unknown()) });

export type Chart = z.infer<typeof ChartSchema>;

/** What `/search` finds; coins only. */
export const SearchSchema = z.object({
  coins: rowsThatPass(
    z.object({ id: z.string().min(1).max(100), name: z.string().max(200), symbol: z.string().max(100) }),
  ),
});

const status = z.object({ error_code: z.number() });

/** A refusal: `{status: …}`, and under `error` where the plan does not allow the call. */
export const RefusalSchema = z.union([
  z.object({ status }),
  z.object({ error: z.object({ status }) }).transform(({ error }) => error),
]);

/** How a coin that is not there is answered, with 404. A 404 that says nothing of coins is of a wrong address. */
export const NotFoundSchema = z.object({ error: z.string().regex(/coin not found/i) });
