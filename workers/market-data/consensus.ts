import type { ProviderName } from "../../contracts/provider.ts";
import type { Consensus, ProviderQuote, Quote } from "../../contracts/quote.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { openMarketAge } from "../../core/freshness.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isOpen } from "../../core/market-calendar/sessions.ts";
import { consensusOf } from "../../core/quotes/consensus.ts";
import { quoteAt } from "../../core/quotes/quote-at.ts";
import type { SourcePrice } from "../../durable-objects/symbol-room/quotes/source-prices.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { callRoom } from "../rooms/call-room.ts";

/** A price that a source gave, as it is now. */
interface SourceQuote {
  provider: ProviderName;
  price: number;
  anomaly: string | null;
  quote: Quote;
}

/**
 * A quote with what all sources of its symbol say now. Its price, and everything that belongs to the price, is the chosen source's; where no
 * source's price counts it is the quote as it was.
 * @param quote the quote without a consensus, for its position in the stream
 * @param maxAge the most open-market seconds since a price was true for it to count; null for the sources' own limits
 */
export async function withConsensus(
  env: Env,
  record: SymbolRecord,
  quote: Quote,
  maxAge: number | null,
): Promise<Quote & { consensus: Consensus }> {
  const sources = await callRoom<SourcePrice[]>(env, record.symbol, (room, traceparent) =>
    room.everySource(instrumentOf(record), traceparent),
  );
  const now = Date.now() / 1000;
  const market = marketOf(record.primary_exchange);
  const { epoch, seq } = quote;
  const asQuote = (given: ProviderQuote): Quote =>
    quoteAt({ ...given, epoch, seq }, freshnessPolicyOf(given.provider), market, now);
  const priced = sources.flatMap(({ provider, quote: given, anomaly }): SourceQuote[] =>
    given?.price == null ? [] : [{ provider, price: given.price, anomaly, quote: asQuote(given) }],
  );
  const isTooOld = ({ timestamp }: Quote): boolean =>
    maxAge !== null && openMarketAge(market, Date.parse(timestamp) / 1000, now, maxAge + 1) > maxAge;
  const prints = priced.map((each) => ({
    ...each,
    freshness: each.quote.freshness,
    isTooOld: isTooOld(each.quote),
  }));
  const { chosen, agreement, prints: checked } = consensusOf(prints, record.type, isOpen(market, now));
  const source = priced.find(({ provider }) => provider === chosen);
  return {
    ...(source?.quote ?? quote),
    consensus: {
      price: source?.price ?? null,
      agreement,
      sources: priced.map((each, i) => ({
        provider: each.provider,
        price: each.price,
        timestamp: each.quote.timestamp,
        freshness: each.quote.freshness,
        included: checked[i].included,
        reason: checked[i].reason,
        deviation_percent: checked[i].deviationPercent,
        outlier: checked[i].reason === "outlier",
      })),
      outliers: priced.filter((_, i) => checked[i].reason === "outlier").map(({ provider }) => provider),
      silent: sources.flatMap(({ provider, quote: given, reason }) =>
        given?.price == null ? [{ provider, reason: reason ?? "no_price" }] : [],
      ),
    },
  };
}
