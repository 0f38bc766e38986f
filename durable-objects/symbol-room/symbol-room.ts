import { effectiveSources, marketModeOf, type ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { Interval } from "../../core/interval.ts";
import { continued } from "../../observability/hop.ts";
import type { Audience } from "../audience/audience.ts";
import { AudienceObject } from "../audience/audience-object.ts";
import type {
  Attendance,
  FeedEvent,
  MissedBars,
  MissedQuotes,
  QuotePosition,
  WantedIndicator,
  Wants,
} from "../audience/feed.ts";
import { type Deliver, OWN_AUDIENCE } from "./attendees.ts";
import { type CandleStore, openCandleStore, type RowQuery } from "./candle-store.ts";
import { askEachSource, type SourcePrice } from "./consensus.ts";
import { openDemandNote } from "./demand-note.ts";
import { type DoubtLog, openDoubtLog } from "./doubt-log.ts";
import { renewEpoch } from "./epochs.ts";
import { openEventLog } from "./event-log.ts";
import { type Facts, openFacts } from "./facts.ts";
import { type Gates, openGates, type Priority } from "./gates.ts";
import { importBatch } from "./import-batch.ts";
import { type IngestedSpans, openIngestedSpans } from "./ingested.ts";
import { knownIntervals } from "./known-intervals.ts";
import { openOwnAudience } from "./own-audience.ts";
import { openPageFiller, type PageFiller } from "./page-filler.ts";
import { openQuoteStore, type QuoteStore } from "./quote-store.ts";
import type { Availability, CandlesReply, ImportBatch, ImportReply, QuoteReply, Trace } from "./replies.ts";
import { importedPage, providedPage, simulatedPage } from "./room-candles.ts";
import { openRoomLife, type RoomLife } from "./room-life.ts";
import { isYoungEnough, openRoomQuotes, type RoomQuotes } from "./room-quotes.ts";
import { openSharedQuote, type SharedQuote } from "./shared-quote.ts";
import { tickSimulated } from "./simulated.ts";
import { prepareTables } from "./tables.ts";

export type { Availability, CandlesReply, ImportBatch, ImportReply, QuoteReply, Trace } from "./replies.ts";

/** The one owner of a symbol's market data: its latest quote, its candles, its place in the stream. Named by the canonical symbol. */
export class SymbolRoom extends AudienceObject {
  /** Takes events to a hub; false where it does not want the symbol any more. A field and not a method, so that it cannot be called from outside. */
  deliver: Deliver = (hub, symbol, events) => this.env.STREAM_HUB.getByName(hub).push(symbol, events);
  /** Takes events to the room's own sockets; false where none of them wants any. */
  deliverOwn = (symbol: string, events: FeedEvent[]): Promise<boolean> => this.audience.deliver(symbol, events);
  /** Does what the room's own audience has to do at the time that it asked for. */
  runAudience = (): Promise<void> => this.audience.run();

  protected readonly audience: Audience;
  private readonly facts: Facts;
  private readonly quoteStore: QuoteStore;
  private readonly candleStore: CandleStore;
  private readonly ingested: IngestedSpans;
  private readonly gates: Gates;
  private readonly doubts: DoubtLog;
  private readonly quotes: RoomQuotes;
  private readonly shared: SharedQuote;
  private readonly fill: PageFiller;
  private readonly life: RoomLife;
  private readonly beginEpoch: () => Promise<QuotePosition>;
  private readonly noteDemand: (instrument: Instrument) => void;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    prepareTables(ctx.storage);
    const keep = (work: Promise<void>): void => ctx.waitUntil(work);
    this.facts = openFacts(ctx.storage.sql);
    const log = openEventLog(ctx.storage.sql, this.facts);
    this.quoteStore = openQuoteStore(ctx.storage, this.facts, log, (...event) => this.life.heard(...event));
    this.candleStore = openCandleStore(ctx.storage, (...bars) => this.life.revised(...bars));
    this.ingested = openIngestedSpans(ctx.storage.sql);
    this.noteDemand = openDemandNote(env.DB, keep, () => marketModeOf(this.env));
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
    this.life = openRoomLife({
      ...{ storage: ctx.storage, facts: this.facts, log, gates: this.gates, keep },
      sourcesOf: (instrument) => this.sourcesOf(instrument),
      readCandles: (instrument, query) => this.readCandles(instrument, query, "background"),
      latest: async ({ instrument, sources }) =>
        (await this.quotes.current(instrument, sources, null, "background")).quote,
      tick: ({ instrument }, now) => tickSimulated(instrument, this.quoteStore, this.facts, now),
      deliver: (audience, symbol, events) =>
        audience === OWN_AUDIENCE ? this.deliverOwn(symbol, events) : this.deliver(audience, symbol, events),
      runAudience: () => this.runAudience(),
      beginEpoch: () => keep(this.beginEpoch().then(() => undefined)),
    });
    const { facts, life, quoteStore: quotes } = this;
    const unshare = () => this.shared.unshare(ctx.id.name ?? "");
    this.beginEpoch = () => renewEpoch({ storage: ctx.storage, facts, log, quotes, life, unshare });
    this.audience = openOwnAudience(ctx, env, facts, life);
    if (facts.enterGeneration(env.STREAM_GENERATION)) keep(this.beginEpoch().then(() => undefined));
  }

  /**
   * The latest quote, asked of its sources again where it is no longer recent, or older than the caller accepts.
   * @param told the symbol's registry row as the caller knows it; the room may know a newer one
   * @param maxAge the most open-market seconds since the price was true; null for no bound
   */
  async quote(told: Instrument, maxAge: number | null, traceparent?: string): Promise<QuoteReply> {
    return this.doubts.riding(await continued("room.quote", traceparent, () => this.findQuote(told, maxAge)));
  }

  private async findQuote(told: Instrument, maxAge: number | null): Promise<QuoteReply> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    this.noteDemand(instrument);
    const { quote, tier } = await this.quotes.current(instrument, sources, maxAge, "user");
    if (!quote) {
      const attempts = [...this.quotes.attempts()];
      return { kind: "unavailable", sources, attempts, retryAfter: this.quotes.retryAfter() };
    }
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
      askEachSource(instrument, this.sourcesOf(instrument), this.gates, local, (quote) =>
        this.quotes.anomalyOf(instrument, quote),
      ),
    );
  }

  /** A page of candles: from the store, after fetching what it lacks, or from the simulator. */
  async candles(told: Instrument, query: RowQuery, traceparent?: string): Promise<CandlesReply> {
    const instrument = this.facts.keepInstrument(told);
    this.noteDemand(instrument);
    const read = () => this.readCandles(instrument, query, "user");
    return this.doubts.riding(await continued("room.candles", traceparent, read));
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
    const { candleStore: candles, ingested, doubts } = this;
    const reply = importBatch({ storage: this.ctx.storage, candles, ingested, doubts }, instrument, batch);
    if (reply.kind === "stored" && reply.stored + reply.replaced > 0) {
      this.quoteStore.drop();
      await this.shared.unshare(instrument.symbol);
    }
    return reply;
  }

  /** Keeps the symbol's registry row, which alarms could ask nobody for. */
  async keepInstrument(instrument: Instrument): Promise<void> {
    this.facts.keepInstrument(instrument);
    await this.checkAlarm();
  }

  async checkAlarm(): Promise<void> {
    this.audience.keepGoing();
    await this.life.checkAlarm();
  }

  /** Whether there are quotes or candles, whose numbers are in the symbol's present units. */
  async hasPrices(): Promise<boolean> {
    return this.quoteStore.latest() !== null || this.candleStore.series().length > 0;
  }

  /** The last quote's time and the known stretches by interval. */
  async availability(told: Instrument): Promise<Availability> {
    const instrument = this.facts.keepInstrument(told);
    const sources = this.sourcesOf(instrument);
    const lastQuoteAt = this.quotes.latestOf(sources)?.timestamp ?? null;
    return { lastQuoteAt, intervals: knownIntervals(instrument, sources, this.candleStore) };
  }

  /** Who was asked for the quote last, and what came of it. (A method named `trace` cannot be called: the platform keeps that name.) */
  async quoteTrace(told: Instrument): Promise<Trace> {
    const sources = this.sourcesOf(this.facts.keepInstrument(told));
    return { latest: this.quotes.latestOf(sources), sources, attempts: [...this.quotes.attempts()] };
  }

  /** Notes what a hub wants to hear of from now on; nothing ends it. The lease is renewed by saying it again. */
  async attend(told: Instrument, hub: string, wants: Wants): Promise<Attendance> {
    return this.life.attend(this.facts.keepInstrument(told), hub, wants);
  }

  /** Begins a new epoch of the stream; what clients know by their positions is no longer taken for true. */
  async renewEpoch(told: Instrument): Promise<QuotePosition> {
    this.facts.keepInstrument(told);
    return this.beginEpoch();
  }

  /** The quotes that came after a position, or a snapshot. */
  async missedQuotes(told: Instrument, since: QuotePosition | null): Promise<MissedQuotes> {
    return this.life.missedQuotes(this.facts.keepInstrument(told), since);
  }

  /** The bars that closed after the one stamped `since`. */
  async missedCandles(told: Instrument, interval: Interval, since: number | null): Promise<MissedBars> {
    return this.life.missedCandles(this.facts.keepInstrument(told), interval, since);
  }

  /** The values of an indicator at the bars that closed after the one stamped `since`. */
  async missedIndicator(told: Instrument, wanted: WantedIndicator, since: number | null): Promise<MissedBars> {
    return this.life.missedIndicator(this.facts.keepInstrument(told), wanted, since);
  }

  override async alarm(): Promise<void> {
    await this.life.ring();
  }

  /** Does nothing, to show that rooms answer. */
  ping(): void {}

  private sourcesOf(instrument: Instrument): ProviderName[] {
    return effectiveSources(instrument.data_sources, marketModeOf(this.env));
  }

  private async readCandles(instrument: Instrument, query: RowQuery, priority: Priority): Promise<CandlesReply> {
    const sources = this.sourcesOf(instrument);
    if (sources.includes("import")) return importedPage(this.candleStore, instrument, query);
    if (sources.includes("simulator")) return simulatedPage(instrument, query, Date.now() / 1000);
    const filled = await this.fill(instrument, sources, query, priority);
    const page = providedPage(this.candleStore, this.ingested, instrument, query, filled.outcome, Date.now() / 1000);
    if (page) return page;
    return { kind: "unavailable", sources, retryAfter: filled.outcome === "failed" ? filled.retryAfter : 1 };
  }
}
