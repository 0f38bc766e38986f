import { DurableObject } from "cloudflare:workers";
import type { Adjustment, SeriesFacts } from "../../contracts/candle.ts";
import { effectiveSources, marketModeOf, type ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { stampsEnd } from "../../core/buckets.ts";
import { type CandleColumns, copyCandles, emptyCandles, sliceCandles } from "../../core/candles.ts";
import { openMarketAge } from "../../core/freshness.ts";
import { INTERVALS, type Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { SIMULATED_FROM, simulatedCandles, simulatedQuote } from "../../providers/simulator/simulator.ts";
import { forgetCachedQuote, writeCachedQuote } from "../../storage/quote-cache.ts";
import { knownStretch, readPage, type SeriesPage, seriesFor } from "./candle-pages.ts";
import { type CandleStore, openCandleStore, type RowQuery, type StoreCounts } from "./candle-store.ts";
import { type Facts, openFacts } from "./facts.ts";
import { importedQuote } from "./imported-quote.ts";
import { openQuoteStore, type QuoteStore, sameUnits } from "./quote-store.ts";
import { prepareTables } from "./tables.ts";

/** A quote younger than this (seconds since it was received) is not asked for again. */
const REFRESH_AFTER = 1;
/** KV takes one write per second and key, and each costs: far regions are told this often (seconds), while somebody asks. */
const SHARE_EVERY = 15;

/** What a room says when it is asked for its quote. */
export type QuoteReply =
  | { kind: "quote"; quote: StoredQuote; tier: "room" | "provider" }
  | { kind: "too_old"; lastKnown: StoredQuote }
  | { kind: "unavailable"; sources: ProviderName[] };

/** What a room says when it is asked for candles. */
export type CandlesReply =
  | {
      kind: "page";
      candles: CandleColumns;
      more: boolean;
      facts: SeriesFacts;
      /** The stretch of stamps that is known at this interval, `[from, to)`; null where nothing is. */
      known: { from: number; to: number } | null;
      tier: "room" | "provider";
    }
  | { kind: "unavailable"; sources: ProviderName[] };

/** Candles to import into one series. */
export interface ImportBatch {
  interval: Interval;
  adjustment: Adjustment;
  candles: CandleColumns;
}

/** What importing did, or the adjustment that the series has and the candles do not fit. */
export type ImportReply = ({ kind: "stored" } & StoreCounts) | { kind: "conflict"; adjustment: Adjustment };

/** What a room can serve. */
export interface Availability {
  lastQuoteAt: string | null;
  intervals: Partial<Record<Interval, { from: number; to: number }>>;
}

/** The one owner of a symbol's market data: its latest quote, its candles, its place in the stream. Named by the canonical symbol. */
export class SymbolRoom extends DurableObject<Env> {
  private readonly facts: Facts;
  private readonly quotes: QuoteStore;
  private readonly candleStore: CandleStore;
  private sharedAt = 0;
  /** Whether KV may hold a quote of this room; unknown after a start. */
  private mayBeShared = true;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    prepareTables(ctx.storage);
    this.facts = openFacts(ctx.storage.sql);
    this.quotes = openQuoteStore(ctx.storage, this.facts);
    this.candleStore = openCandleStore(ctx.storage);
  }

  /**
   * The latest quote, asked of its provider again where it is older than a second or than the caller accepts.
   * @param told the symbol's registry row as the caller knows it; the room may know a newer one
   * @param maxAge the most open-market seconds since the price was true; null for no bound
   */
  async quote(told: Instrument, maxAge: number | null): Promise<QuoteReply> {
    const instrument = this.facts.keepInstrument(told);
    const now = Date.now() / 1000;
    const sources = this.sourcesOf(instrument);
    const youngEnough = (quote: StoredQuote): boolean => {
      const timestamp = Date.parse(quote.timestamp) / 1000;
      const market = marketOf(instrument.primary_exchange);
      return maxAge === null || openMarketAge(market, timestamp, now, maxAge + 1) <= maxAge;
    };
    const { quote, tier } = this.currentQuote(instrument, sources, now, youngEnough);
    if (!quote) return { kind: "unavailable", sources };
    this.share(quote, now);
    return youngEnough(quote) ? { kind: "quote", quote, tier } : { kind: "too_old", lastKnown: quote };
  }

  /** A page of candles, from the store or the simulator. */
  async candles(told: Instrument, query: RowQuery): Promise<CandlesReply> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    if (sources.includes("import")) return this.importedCandles(instrument, query);
    if (sources.includes("simulator")) return this.simulatedPage(instrument, query);
    return { kind: "unavailable", sources };
  }

  /** Takes quotes from a provider's answer or a push, in order of arrival. */
  async ingest(told: Instrument, quotes: readonly ProviderQuote[]): Promise<StoredQuote | null> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    let latest = this.quotes.latest();
    for (const quote of quotes) {
      const newer = !latest || latest.provider !== quote.provider || quote.timestamp >= latest.timestamp;
      if (sources.includes(quote.provider) && newer) latest = this.quotes.accept(quote);
    }
    return latest;
  }

  /** Stores imported candles; all of the batch or nothing. The quote that was made without them is dropped. */
  async importCandles(instrument: Instrument, batch: ImportBatch): Promise<ImportReply> {
    this.facts.keepInstrument(instrument);
    const existing = this.candleStore.series().find((series) => series.interval === batch.interval);
    if (existing && existing.adjustment !== batch.adjustment) {
      return { kind: "conflict", adjustment: existing.adjustment };
    }
    const counts = this.candleStore.write({ ...batch, provider: "import" }, batch.candles);
    if (counts.stored > 0 || counts.replaced > 0) {
      this.quotes.drop();
      await this.unshare(instrument.symbol);
    }
    return { kind: "stored", ...counts };
  }

  /** Keeps the symbol's registry row, which alarms could ask nobody for. */
  keepInstrument(instrument: Instrument): void {
    this.facts.keepInstrument(instrument);
  }

  /** The last quote's time and the known stretches by interval. */
  async availability(told: Instrument): Promise<Availability> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    const last = this.quotes.latest();
    const lastQuoteAt = last && sources.includes(last.provider) ? last.timestamp : null;
    if (sources.includes("simulator")) {
      const stretch = { from: SIMULATED_FROM, to: Math.floor(Date.now() / 1000) };
      return { lastQuoteAt, intervals: Object.fromEntries(INTERVALS.map((interval) => [interval, stretch])) };
    }
    const market = marketOf(instrument.primary_exchange);
    const all = this.candleStore.series();
    const intervals = INTERVALS.flatMap((interval) => {
      const series = seriesFor(all, interval);
      return series ? [[interval, knownStretch(series, market, interval)]] : [];
    });
    return { lastQuoteAt, intervals: Object.fromEntries(intervals) };
  }

  /** Does nothing, to show that rooms answer. */
  ping(): void {}

  private sourcesOf(instrument: Instrument): ProviderName[] {
    return effectiveSources(instrument.data_sources, marketModeOf(this.env));
  }

  private currentQuote(
    instrument: Instrument,
    sources: ProviderName[],
    now: number,
    youngEnough: (quote: StoredQuote) => boolean,
  ): { quote: StoredQuote | null; tier: "room" | "provider" } {
    const latest = this.quotes.latest();
    const kept = latest && sources.includes(latest.provider) ? latest : null;
    const recent = kept && now - Date.parse(kept.received_at) / 1000 < REFRESH_AFTER && youngEnough(kept);
    const still = kept?.provider === "import" || recent;
    if (kept && still && sameUnits(kept, instrument)) return { quote: kept, tier: "room" };
    for (const source of sources) {
      const fresh = this.askSource(source, instrument, now);
      if (fresh) return { quote: this.quotes.accept(fresh), tier: "provider" };
    }
    return { quote: kept, tier: "room" };
  }

  private askSource(source: ProviderName, instrument: Instrument, now: number): ProviderQuote | null {
    switch (source) {
      case "simulator":
        return simulatedQuote(instrument, now);
      case "import":
        return importedQuote(this.candleStore, instrument, now);
      default:
        return null;
    }
  }

  private share(quote: StoredQuote, now: number): void {
    if (now - this.sharedAt < SHARE_EVERY) return;
    this.sharedAt = now;
    this.mayBeShared = true;
    this.ctx.waitUntil(writeCachedQuote(this.env.CACHE, quote));
  }

  private async unshare(symbol: string): Promise<void> {
    this.sharedAt = 0;
    if (!this.mayBeShared) return;
    this.mayBeShared = false;
    await forgetCachedQuote(this.env.CACHE, symbol);
  }

  private simulatedPage(instrument: Instrument, query: RowQuery): CandlesReply {
    const now = Date.now() / 1000;
    const all = simulatedCandles(instrument, { ...query, limit: query.limit + 1 }, now);
    const more = all.length > query.limit;
    const start = more && query.backward ? 1 : 0;
    return {
      kind: "page",
      candles: copyCandles(sliceCandles(all, start, start + query.limit)),
      more,
      facts: { provider: "simulator", simulated: true, adjustment: "raw", construction: "provider" },
      known: {
        from: SIMULATED_FROM,
        to: stampsEnd(marketOf(instrument.primary_exchange), query.interval, now),
      },
      tier: "provider",
    };
  }

  private importedCandles(instrument: Instrument, query: RowQuery): CandlesReply {
    const market = marketOf(instrument.primary_exchange);
    const series = seriesFor(this.candleStore.series(), query.interval);
    const nothing: SeriesPage = { candles: emptyCandles(0), more: false };
    const page = series ? readPage(this.candleStore, series, market, query) : nothing;
    return {
      kind: "page",
      candles: copyCandles(page.candles),
      more: page.more,
      facts: {
        provider: "import",
        simulated: false,
        adjustment: series?.adjustment ?? "unknown",
        construction: "provider",
      },
      known: series && knownStretch(series, market, query.interval),
      tier: "room",
    };
  }
}
