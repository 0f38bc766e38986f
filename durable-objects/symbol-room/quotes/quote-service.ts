import type { ProviderName } from "../../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { checkQuote } from "../../../core/data-quality/check-quote.ts";
import { openMarketAge } from "../../../core/freshness.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { isWithin } from "../../../core/time.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import type { CandleStore } from "../candles/candle-store.ts";
import type { QuoteAnomaly } from "../quality-log.ts";
import type { Priority, Upstreams } from "../upstreams.ts";
import { importedQuote } from "./imported-quote.ts";
import { QuoteRefresh } from "./quote-refresh.ts";
import { type QuoteStore, sameUnits } from "./quote-store.ts";
import { simulatedNow } from "./simulated-quote.ts";
import type { Attempt } from "./source-failover.ts";

/** Upstreams are not asked more often than this (seconds), whatever a caller accepts. */
const ASK_PAUSE = 1;
/** A last known quote is sent for this long (open-market seconds) while no source answers; it says `stale`. */
const MAX_LAST_KNOWN_AGE = 86_400;
/** Seconds after which to ask again where no source said when. */
const RETRY_AFTER = 5;
/** Seconds after which to ask again where no source can be asked at all. */
const RETRY_WITHOUT_SOURCES = 60;

/** A quote and where it was found. */
export interface FoundQuote {
  quote: StoredQuote | null;
  tier: "room" | "provider";
}

/** Whether a quote was true within the last `maxAge` open-market seconds. */
export function isYoungEnough(instrument: Instrument, quote: StoredQuote, maxAge: number | null, now: number): boolean {
  if (maxAge === null) return true;
  const timestamp = Date.parse(quote.timestamp) / 1000;
  return openMarketAge(marketOf(instrument.primary_exchange), timestamp, now, maxAge + 1) <= maxAge;
}

/** How a room comes by its quote. */
export class QuoteService {
  readonly #quotes: QuoteStore;
  readonly #candles: CandleStore;
  readonly #report: (instrument: Instrument, anomalies: readonly QuoteAnomaly[]) => void;
  readonly #refresh: QuoteRefresh;

  constructor(
    quotes: QuoteStore,
    candles: CandleStore,
    upstreams: Upstreams,
    report: (instrument: Instrument, anomalies: readonly QuoteAnomaly[]) => void,
  ) {
    this.#quotes = quotes;
    this.#candles = candles;
    this.#report = report;
    this.#refresh = new QuoteRefresh(quotes, upstreams, report);
  }

  /** The last quote that one of the sources gave. */
  latestOf(sources: readonly ProviderName[]): StoredQuote | null {
    const latest = this.#quotes.latest();
    return latest && sources.includes(latest.provider) ? latest : null;
  }

  /** What needs no upstream: the simulator and imported candles. */
  local(source: ProviderName, instrument: Instrument): ProviderQuote | null {
    const now = Date.now() / 1000;
    if (source === "simulator") return simulatedNow(instrument, now);
    return source === "import" ? importedQuote(this.#candles, instrument, now) : null;
  }

  /** The quote to answer with: the last one while it is recent, else what the sources say. */
  async current(
    instrument: Instrument,
    sources: readonly ProviderName[],
    maxAge: number | null,
    priority: Priority,
  ): Promise<FoundQuote> {
    const now = Date.now() / 1000;
    const kept = this.latestOf(sources);
    if (kept && this.#isRecent(instrument, kept, maxAge, now)) return { quote: kept, tier: "room" };
    for (const source of sources) {
      const quote = this.local(source, instrument);
      if (quote) return { quote: this.#quotes.accept(instrument, quote), tier: "provider" };
    }
    if (this.#refresh.isRunning() || !isWithin(ASK_PAUSE, this.#refresh.askedAt(), now)) {
      const fresh = await this.#refresh.run(instrument, sources, priority);
      if (fresh) return { quote: fresh, tier: "provider" };
    }
    const last = this.latestOf(sources);
    return { quote: last && isYoungEnough(instrument, last, MAX_LAST_KNOWN_AGE, now) ? last : null, tier: "room" };
  }

  /** Why a quote would not be believed beside the last ones, in a word of ours; null where it would. Nothing is kept of it. */
  anomalyOf(instrument: Instrument, quote: ProviderQuote): string | null {
    if (quote.price === null) return null;
    const { verdict } = this.#check(instrument, quote, quote.price);
    return verdict.verdict === "accept" || verdict.reason === "older" ? null : verdict.reason;
  }

  /** Takes a quote that no client asked for, under the same checks. */
  ingest(instrument: Instrument, quote: ProviderQuote): void {
    if (quote.price === null) return;
    const time = Date.parse(quote.timestamp) / 1000;
    const { verdict, memory } = this.#check(instrument, quote, quote.price);
    this.#quotes.remember(memory);
    if (verdict.verdict === "accept") this.#quotes.accept(instrument, quote);
    else if (verdict.reason !== "older") this.#report(instrument, [{ provider: quote.provider, time, ...verdict }]);
  }

  /** What came of the last time that upstreams were asked. */
  attempts(): readonly Attempt[] {
    return this.#refresh.attempts();
  }

  /** Seconds after which asking again may help. */
  retryAfter(): number {
    const known = this.#refresh.attempts().flatMap(({ retry_after }) => (retry_after === null ? [] : [retry_after]));
    if (known.length > 0) return Math.max(1, Math.ceil(Math.min(...known)));
    const isHopeless = this.#refresh
      .attempts()
      .every(({ outcome, reason }) => outcome === "not_listed" || reason === "not_configured");
    return isHopeless ? RETRY_WITHOUT_SOURCES : RETRY_AFTER;
  }

  #check(instrument: Instrument, quote: ProviderQuote, price: number) {
    const print = { price, time: Date.parse(quote.timestamp) / 1000, source: quote.provider };
    const market = marketOf(instrument.primary_exchange);
    const negativePrices = instrument.type === "commodity";
    return checkQuote(print, this.#quotes.memory(), { market, now: Date.now() / 1000, negativePrices });
  }

  #isRecent(instrument: Instrument, kept: StoredQuote, maxAge: number | null, now: number): boolean {
    if (kept.provider === "import") return sameUnits(kept, instrument);
    const receivedAt = Date.parse(kept.received_at) / 1000;
    const { refreshAfter } = freshnessPolicyOf(kept.provider);
    return isWithin(refreshAfter, receivedAt, now) && isYoungEnough(instrument, kept, maxAge, now);
  }
}
