import { z } from "zod";
import { amountText, milliseconds, priceText } from "../answer-schema.ts";

/** One symbol's rolling 24 hours. A symbol that has never traded has prices of zero and is refused. */
export const TickerSchema = z.object({
  symbol: z.string(),
  /** The last trade's price. */
  lastPrice: priceText,
  /** The first trade's price in the 24 hours. */
  openPrice: priceText,
  highPrice: priceText,
  lowPrice: priceText,
  /** In the base asset; `quoteVolume` has it in the quote asset. */
  volume: amountText,
  /** Zero where no one bids. */
  bidPrice: amountText,
  askPrice: amountText,
  /** End of the 24 hours, milliseconds. */
  closeTime: milliseconds,
});

export type Ticker = z.infer<typeof TickerSchema>;

/** The rows are checked one by one, so that a bad one spoils no other. */
export const TickersSchema = z.array(z.unknown());

/** [open time in milliseconds, open, high, low, close, volume in the base asset, close time, …]. */
export const KlineSchema = z.array(z.unknown()).min(6);

/** The rows are checked one by one, so that a bad one spoils no other. */
export const KlinesSchema = z.array(z.unknown());

/** An error: the exchange's own code and words. */
export const ErrorSchema = z.object({ code: z.number() });
