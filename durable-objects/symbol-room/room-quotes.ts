import type { ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { checkQuote, faultOf, type Print, type QuoteRules } from "../../core/data-quality/check-quote.ts";
import { openMarketAge } from "../../core/freshness.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isWithin } from "../../core/time.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import type { Attempt } from "./ask-sources.ts";
import type { CandleStore } from "./candle-store.ts";
import type { QuoteDoubt } from "./doubt-log.ts";
import type { Gates, Priority } from "./gates.ts";
import { importedQuote } from "./imported-quote.ts";
import { openQuoteRefresh } from "./quote-refresh.ts";
import { type QuoteStore, sameUnits } from "./quote-store.ts";
import { simulatedNow } from "./simulated.ts";

/** Upstreams are not asked more often than this (seconds), whatever a caller accepts. */
const ASK_PAUSE = 1;
/** A last known quote is told for this long (open-market seconds) while no source answers; it says `stale`. */
const KNOWN_FOR = 86_400;
/** Seconds after which to ask again where no source said when. */
const RETRY_AFTER = 5;
/** Seconds after which to ask again where no source can be asked at all. */
const RETRY_WITHOUT_SOURCES = 60;

/** A quote and where it was found. */
export interface FoundQuote {
  quote: StoredQuote | null;
  tier: "room" | "provider";
}

/** How a room comes by its quote. */
export interface RoomQuotes {
  /** The last quote that one of the sources gave. */
  latestOf(sources: readonly ProviderName[]): StoredQuote | null;
  /** The quote to answer with: the last one while it is recent, else what the sources say. */
  current(
    instrument: Instrument,
    sources: readonly ProviderName[],
    maxAge: number | null,
    priority: Priority,
  ): Promise<FoundQuote>;
  /** Takes a quote that nobody asked for, under the same checks. */
  take(instrument: Instrument, quote: ProviderQuote): void;
  /** Why a quote would not be believed beside the last ones, in a word of ours; null where it would. Nothing is kept of it. */
  anomalyOf(instrument: Instrument, quote: ProviderQuote): string | null;
  /** What needs no upstream: the simulator and imported candles. */
  local(source: ProviderName, instrument: Instrument): ProviderQuote | null;
  /** What came of the last time that upstreams were asked. */
  attempts(): readonly Attempt[];
  /** Seconds after which asking again may help. */
  retryAfter(): number;
}

/** Whether a quote was true within the last `maxAge` open-market seconds. */
export function isYoungEnough(instrument: Instrument, quote: StoredQuote, maxAge: number | null, now: number): boolean {
  if (maxAge === null) return true;
  const timestamp = Date.parse(quote.timestamp) / 1000;
  return openMarketAge(marketOf(instrument.primary_exchange), timestamp, now, maxAge + 1) <= maxAge;
}

/** Opens the quotes of a room. */
export function openRoomQuotes(
  quotes: QuoteStore,
  candles: CandleStore,
  gates: Gates,
  report: (instrument: Instrument, doubts: readonly QuoteDoubt[]) => void,
): RoomQuotes {
  const refresh = openQuoteRefresh(quotes, gates, report);

  const latestOf = (sources: readonly ProviderName[]): StoredQuote | null => {
    const latest = quotes.latest();
    return latest && sources.includes(latest.provider) ? latest : null;
  };

  const local = (source: ProviderName, instrument: Instrument): ProviderQuote | null => {
    const now = Date.now() / 1000;
    if (source === "simulator") return simulatedNow(instrument, now);
    return source === "import" ? importedQuote(candles, instrument, now) : null;
  };

  const printOf = (quote: ProviderQuote, price: number): Print => ({
    price,
    time: Date.parse(quote.timestamp) / 1000,
    source: quote.provider,
  });

  const rulesOf = ({ primary_exchange, type }: Instrument): QuoteRules => ({
    market: marketOf(primary_exchange),
    now: Date.now() / 1000,
    negativePrices: type === "commodity",
  });

  const isRecent = (instrument: Instrument, kept: StoredQuote, maxAge: number | null, now: number): boolean => {
    if (kept.provider === "import") return sameUnits(kept, instrument);
    const receivedAt = Date.parse(kept.received_at) / 1000;
    const { refreshAfter } = freshnessPolicyOf(kept.provider);
    return isWithin(refreshAfter, receivedAt, now) && isYoungEnough(instrument, kept, maxAge, now);
  };

  return {
    latestOf,
    local,
    async current(instrument, sources, maxAge, priority) {
      const now = Date.now() / 1000;
      const kept = latestOf(sources);
      if (kept && isRecent(instrument, kept, maxAge, now)) return { quote: kept, tier: "room" };
      for (const source of sources) {
        const quote = local(source, instrument);
        if (quote) return { quote: quotes.accept(instrument, quote), tier: "provider" };
      }
      if (refresh.isRunning() || !isWithin(ASK_PAUSE, refresh.askedAt(), now)) {
        const fresh = await refresh.run(instrument, sources, priority);
        if (fresh) return { quote: fresh, tier: "provider" };
      }
      const last = latestOf(sources);
      return { quote: last && isYoungEnough(instrument, last, KNOWN_FOR, now) ? last : null, tier: "room" };
    },
    anomalyOf(instrument, quote) {
      if (quote.price === null) return null;
      return faultOf(printOf(quote, quote.price), quotes.memory(), rulesOf(instrument));
    },
    take(instrument, quote) {
      if (quote.price === null) return;
      const print = printOf(quote, quote.price);
      const { verdict, memory } = checkQuote(print, quotes.memory(), rulesOf(instrument));
      quotes.remember(memory);
      if (verdict.verdict === "accept") quotes.accept(instrument, quote);
      else if (verdict.reason !== "older")
        report(instrument, [{ provider: quote.provider, time: print.time, ...verdict }]);
    },
    attempts: refresh.attempts,
    retryAfter() {
      const told = refresh.attempts().flatMap(({ retry_after }) => (retry_after === null ? [] : [retry_after]));
      if (told.length > 0) return Math.max(1, Math.ceil(Math.min(...told)));
      const isHopeless = refresh
        .attempts()
        .every(({ outcome, reason }) => outcome === "not_listed" || reason === "not_configured");
      return isHopeless ? RETRY_WITHOUT_SOURCES : RETRY_AFTER;
    },
  };
}
