import { HOUR } from "../../core/time.ts";
import { type CallContext, type Failure, failure, isFailure } from "../provider.ts";
import { SYMBOL, ticker24h } from "./client.ts";
import { type Ticker, TickerSchema } from "./schema.ts";

/** How long a symbol that the exchange refused is not asked for again. */
const REFUSED_TTL_SECONDS = HOUR;

/** Symbols that the exchange does not know, each with the unix second until which that is believed. */
export type RefusedSymbols = Map<string, number>;

/**
 * The tickers of symbols, each with its own outcome. A symbol that the exchange does not know fails the call it is named
 * in, so such a call is made again in halves until that symbol stands alone; it is then left out for an hour.
 */
export async function tickersOf(
  baseUrl: string,
  symbols: readonly string[],
  refused: RefusedSymbols,
  context: CallContext,
): Promise<Map<string, Ticker | Failure>> {
  const outcomes = new Map<string, Ticker | Failure>();
  const requested: string[] = [];
  for (const [symbol, until] of refused) if (until <= context.now()) refused.delete(symbol);
  for (const symbol of new Set(symbols)) {
    const isAllowed = SYMBOL.test(symbol) && !refused.has(symbol);
    if (isAllowed) requested.push(symbol);
    else outcomes.set(symbol, failure("unknown_symbol"));
  }
  const batches = requested.length > 0 ? [requested] : [];
  for (let batch = batches.pop(); batch; batch = batches.pop()) {
    const answer = await ticker24h(baseUrl, batch, context);
    if (!isFailure(answer)) {
      readRows(answer, batch, outcomes);
    } else if (answer.reason === "unknown_symbol" && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      batches.push(batch.slice(half), batch.slice(0, half));
    } else {
      for (const symbol of batch) outcomes.set(symbol, answer);
      if (answer.reason === "unknown_symbol") refused.set(batch[0], context.now() + REFUSED_TTL_SECONDS);
    }
  }
  return outcomes;
}

/** Finds each symbol's row; one that is not as it should be is that symbol's failure alone. */
function readRows(rows: readonly unknown[], symbols: readonly string[], outcomes: Map<string, Ticker | Failure>): void {
  let unreadable = false;
  for (const row of rows) {
    const ticker = TickerSchema.safeParse(row);
    if (!ticker.success) unreadable = true;
    else if (symbols.includes(ticker.data.symbol)) outcomes.set(ticker.data.symbol, ticker.data);
  }
  for (const symbol of symbols) {
    if (!outcomes.has(symbol)) outcomes.set(symbol, failure(unreadable ? "bad_answer" : "unknown_symbol"));
  }
}
