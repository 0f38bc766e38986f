import { DurableObject } from "cloudflare:workers";
import type { Adjustment } from "../../contracts/candle.ts";
import { effectiveSources, marketModeOf, type ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { CandleColumns } from "../../core/candles.ts";
import { INTERVALS, type Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { continued } from "../../observability/hop.ts";
import { SIMULATED_FROM } from "../../providers/simulator/simulator.ts";
import { noteDemand } from "../../storage/demand.ts";
import { writeRegistry } from "../../storage/registry/database.ts";
import type { Attempt } from "./ask-sources.ts";
import { knownStretch, seriesFor } from "./candle-pages.ts";
import { type CandleStore, openCandleStore, type RowQuery, type StoreCounts } from "./candle-store.ts";
import { askEachSource, type SourcePrice } from "./consensus.ts";
import { type DecisionCount, type DoubtLog, openDoubtLog } from "./doubt-log.ts";
import { type Facts, openFacts } from "./facts.ts";
import { type Gates, openGates, type Priority } from "./gates.ts";
import { type IngestedSpans, openIngestedSpans } from "./ingested.ts";
import { storeJudged } from "./judged-candles.ts";
import { openPageFiller, type PageFiller } from "./page-filler.ts";
import { openQuoteStore, type QuoteStore } from "./quote-store.ts";
import { type CandlesPage, importedPage, providedPage, simulatedPage } from "./room-candles.ts";
import { isYoungEnough, openRoomQuotes, type RoomQuotes } from "./room-quotes.ts";
import { openSharedQuote, type SharedQuote } from "./shared-quote.ts";
import { prepareTables } from "./tables.ts";

/** Demand is noted this often (seconds). */
const DEMAND_EVERY = 600;

/** What rides on every answer: the data-quality decisions since the last one. */
interface Riding {
  decisions?: DecisionCount[];
}

/** What a room says when it is asked for its quote. */
export type QuoteReply = QuoteFound & Riding;

type QuoteFound =
  | { kind: "quote"; quote: StoredQuote; tier: "room" | "provider" }
  | { kind: "too_old"; lastKnown: StoredQuote }
  | { kind: "unavailable"; sources: ProviderName[]; retryAfter: number };

/** What a room says when it is asked for candles. */
export type CandlesReply = CandlesFound & Riding;

type CandlesFound = CandlesPage | { kind: "unavailable"; sources: ProviderName[]; retryAfter: number };

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

/** How a room came by its quote. */
export interface Trace {
  latest: StoredQuote | null;
  sources: ProviderName[];
  attempts: Attempt[];
}

/** The one owner of a symbol's market data: its latest quote, its candles, its place in the stream. Named by the canonical symbol. */
export class SymbolRoom extends DurableObject<Env> {
  private readonly facts: Facts;
  private readonly quoteStore: QuoteStore;
  private readonly candleStore: CandleStore;
  private readonly ingested: IngestedSpans;
  private readonly gates: Gates;
  private readonly doubts: DoubtLog;
  private readonly quotes: RoomQuotes;
  private readonly shared: SharedQuote;
  private readonly fill: PageFiller;
  private demandAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    prepareTables(ctx.storage);
    const keep = (work: Promise<void>): void => ctx.waitUntil(work);
    this.facts = openFacts(ctx.storage.sql);
    this.quoteStore = openQuoteStore(ctx.storage, this.facts);
    this.candleStore = openCandleStore(ctx.storage);
    this.ingested = openIngestedSpans(ctx.storage.sql);
    this.gates = openGates(env);
    this.doubts = openDoubtLog(env.DB, keep);
    this.shared = openSharedQuote(env.CACHE, keep);
    this.quotes = openRoomQuotes(this.quoteStore, this.candleStore, this.gates, ({ symbol }, doubts) =>
      this.doubts.quotes(symbol, doubts),
    );
    this.fill = openPageFiller(env, this.candleStore, this.ingested, this.gates, this.doubts, (provider) => {
      const instrument = this.facts.instrument();
      return instrument !== null && this.sourcesOf(instrument).includes(provider);
    });
  }

  /**
   * The latest quote, asked of its sources again where it is no longer recent, or older than the caller accepts.
   * @param told the symbol's registry row as the caller knows it; the room may know a newer one
   * @param maxAge the most open-market seconds since the price was true; null for no bound
   */
  async quote(told: Instrument, maxAge: number | null, traceparent?: string): Promise<QuoteReply> {
    return this.withDecisions(await continued("room.quote", traceparent, () => this.findQuote(told, maxAge)));
  }

  private async findQuote(told: Instrument, maxAge: number | null): Promise<QuoteFound> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    this.noteDemand(instrument);
    const { quote, tier } = await this.quotes.current(instrument, sources, maxAge, "user");
    if (!quote) return { kind: "unavailable", sources, retryAfter: this.quotes.retryAfter() };
    const now = Date.now() / 1000;
    this.shared.share(quote, now);
    if (!isYoungEnough(instrument, quote, maxAge, now)) return { kind: "too_old", lastKnown: quote };
    return { kind: "quote", quote, tier };
  }

  /** Asks for a newer quote where the last one is no longer recent. For scheduled work: it is no demand. */
  async refreshQuote(told: Instrument, traceparent?: string): Promise<void> {
    const instrument = this.facts.keepInstrument(told);
    const { quote } = await continued("room.refreshQuote", traceparent, () =>
      this.quotes.current(instrument, this.sourcesOf(instrument), null, "background"),
    );
    if (quote) this.shared.share(quote, Date.now() / 1000);
  }

  /** What each of the symbol's sources says now. */
  async everySource(told: Instrument, traceparent?: string): Promise<SourcePrice[]> {
    const instrument = this.facts.keepInstrument(told);
    const local = (source: ProviderName) => this.quotes.local(source, instrument);
    return continued("room.everySource", traceparent, () =>
      askEachSource(instrument, this.sourcesOf(instrument), this.gates, local),
    );
  }

  /** A page of candles: from the store, after fetching what it lacks, or from the simulator. */
  async candles(told: Instrument, query: RowQuery, traceparent?: string): Promise<CandlesReply> {
    const instrument = this.facts.keepInstrument(told);
    this.noteDemand(instrument);
    const found = await continued("room.candles", traceparent, () => this.readCandles(instrument, query, "user"));
    return this.withDecisions(found);
  }

  /** Fetches the last candles that a series lacks. For scheduled work: it is no demand. */
  async refreshCandles(told: Instrument, interval: Interval, limit: number, traceparent?: string): Promise<void> {
    const instrument = this.facts.keepInstrument(told);
    const to = Math.floor(Date.now() / 1000) + 1;
    const query = { interval, from: -8.64e12, to, limit, backward: true, includeSuspect: false };
    await continued("room.refreshCandles", traceparent, () => this.readCandles(instrument, query, "background"));
  }

  /** Takes quotes from a provider's poll, in order of arrival. */
  async ingest(told: Instrument, quotes: readonly ProviderQuote[]): Promise<StoredQuote | null> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    for (const quote of quotes) if (sources.includes(quote.provider)) this.quotes.take(instrument, quote);
    return this.quotes.latestOf(sources);
  }

  /**
   * Stores imported candles; all of the batch or nothing. What providers gave for the symbol, and the quote that was made
   * without these candles, is dropped: real series never mix.
   */
  async importCandles(instrument: Instrument, batch: ImportBatch): Promise<ImportReply> {
    this.facts.keepInstrument(instrument);
    const { interval, adjustment } = batch;
    const [foreign, own] = partition(this.candleStore.series(), (series) => series.provider !== "import");
    const existing = own.find((series) => series.interval === interval);
    if (existing && existing.adjustment !== adjustment) return { kind: "conflict", adjustment: existing.adjustment };
    const { findings, ...counts } = this.ctx.storage.transactionSync(() => {
      for (const series of foreign) {
        this.candleStore.drop(series.interval);
        this.ingested.clear(series.interval);
      }
      return storeJudged(this.candleStore, batch.candles, {
        series: { interval, adjustment, provider: "import", construction: "provider" },
        market: marketOf(instrument.primary_exchange),
        now: Date.now() / 1000,
        negativePrices: instrument.type === "commodity",
        isFinal: () => true,
      });
    });
    this.doubts.candles(instrument.symbol, "import", interval, findings);
    if (counts.stored > 0 || counts.replaced > 0) {
      this.quoteStore.drop();
      await this.shared.unshare(instrument.symbol);
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
    const lastQuoteAt = this.quotes.latestOf(sources)?.timestamp ?? null;
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

  /** Who was asked for the quote last, and what came of it. (A method named `trace` cannot be called: the platform keeps that name.) */
  async quoteTrace(told: Instrument): Promise<Trace> {
    const sources = this.sourcesOf(this.facts.keepInstrument(told));
    return { latest: this.quotes.latestOf(sources), sources, attempts: [...this.quotes.attempts()] };
  }

  /** Does nothing, to show that rooms answer. */
  ping(): void {}

  private withDecisions<Found extends object>(found: Found): Found & Riding {
    const decisions = this.doubts.takeCounts();
    return { ...found, ...(decisions ? { decisions } : {}) };
  }

  private sourcesOf(instrument: Instrument): ProviderName[] {
    return effectiveSources(instrument.data_sources, marketModeOf(this.env));
  }

  private async readCandles(instrument: Instrument, query: RowQuery, priority: Priority): Promise<CandlesFound> {
    const sources = this.sourcesOf(instrument);
    if (sources.includes("import")) return importedPage(this.candleStore, instrument, query);
    if (sources.includes("simulator")) return simulatedPage(instrument, query, Date.now() / 1000);
    const filled = await this.fill(instrument, sources, query, priority);
    const page = providedPage(this.candleStore, this.ingested, instrument, query, filled.outcome, Date.now() / 1000);
    if (page) return page;
    return { kind: "unavailable", sources, retryAfter: filled.outcome === "failed" ? filled.retryAfter : 1 };
  }

  private noteDemand({ symbol }: Instrument): void {
    const now = Math.floor(Date.now() / 1000);
    if (now - this.demandAt < DEMAND_EVERY || marketModeOf(this.env) !== "live") return;
    this.demandAt = now;
    this.ctx.waitUntil(noteDemand(writeRegistry(this.env.DB), symbol, now));
  }
}

function partition<T>(list: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [list.filter(isFirst), list.filter((item) => !isFirst(item))];
}
