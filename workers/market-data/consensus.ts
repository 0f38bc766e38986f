import { ApiError } from "../../contracts/problem.ts";
import type { ProviderName } from "../../contracts/provider.ts";
import { type Consensus, changeSince, type Quote } from "../../contracts/quote.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import type { AssetType } from "../../core/symbol.ts";
import type { SourcePrice } from "../../durable-objects/symbol-room/consensus.ts";
import { callRoom } from "../room.ts";

/** Percent beyond which a source that disagrees with the median is named an outlier. */
const TOLERATED: Record<AssetType, number> = { stock: 1, etf: 1, index: 1, commodity: 1, crypto: 1, forex: 0.25 };

/** With two sources nobody can say which one is wrong. */
const LEAST_SOURCES = 3;

interface Told {
  provider: ProviderName;
  price: number;
  timestamp: string;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Number(value.toPrecision(12));
}

/** What several sources agree on: the median of their prices, and how far each is from it. */
export function consensusOf(sources: readonly SourcePrice[], type: AssetType): Consensus | null {
  const told: Told[] = sources.flatMap(({ provider, quote }) =>
    quote?.price == null ? [] : [{ provider, price: quote.price, timestamp: quote.timestamp }],
  );
  if (told.length === 0) return null;
  const middle = median(told.map(({ price }) => price).sort((a, b) => a - b));
  const judged = told.map((source) => {
    const deviation = Math.round(((source.price - middle) / middle) * 1e6) / 1e4;
    const outlier = told.length >= LEAST_SOURCES && Math.abs(deviation) > TOLERATED[type];
    return { ...source, deviation_percent: deviation, outlier };
  });
  return {
    price: middle,
    sources: judged,
    outliers: judged.filter(({ outlier }) => outlier).map(({ provider }) => provider),
    silent: sources.flatMap(({ provider, quote, reason }) =>
      quote ? [] : [{ provider, reason: reason ?? "no_price" }],
    ),
  };
}

/**
 * A quote whose price is the median of what the symbol's sources say now.
 * @param quote the quote of the first source, for everything but the price
 * @throws ApiError quote.unavailable where no source says anything
 */
export async function withConsensus(
  env: Env,
  record: SymbolRecord,
  quote: Quote,
): Promise<Quote & { consensus: Consensus }> {
  const sources = await callRoom<SourcePrice[]>(env, record.symbol, (room, traceparent) =>
    room.everySource(instrumentOf(record), traceparent),
  );
  const consensus = consensusOf(sources, record.type);
  if (!consensus) {
    throw new ApiError("quote.unavailable", `None of the sources of ${record.symbol} answers now.`, {
      headers: { "Retry-After": "5" },
    });
  }
  return { ...quote, price: consensus.price, ...changeSince(quote.previous_close, consensus.price), consensus };
}
