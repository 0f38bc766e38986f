import type { Adjustment } from "../../contracts/candle.ts";
import { effectiveSources, marketModeOf, type ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { type BarsQuery, barsNeeded } from "../../core/indicators/history.ts";
import { parseSpec } from "../../core/indicators/spec.ts";
import type { Interval } from "../../core/interval.ts";
import { withRemoteParent } from "../../observability/trace.ts";
import type { SessionHub } from "../streaming/session-hub.ts";
import { StreamingObject } from "../streaming/streaming-object.ts";
import type { BarReplay, Interest, Lease, QuotePosition, QuoteReplay } from "../symbol-events/symbol-events.ts";
import { Candles } from "./candles/candles.ts";
import { readColumns } from "./candles/reading/columns.ts";
import { HistoryWork, RoomOverloaded } from "./candles/reading/history-work.ts";
import type { Series } from "./candles/series.ts";
import type { RowQuery } from "./candles/storage/candle-store.ts";
import { openDemandNote } from "./demand-note.ts";
import { renewEpoch } from "./epochs.ts";
import { contextOf, type InstrumentContext } from "./instrument-context.ts";
import { Publisher } from "./publishing/publisher.ts";
import { QualityLog } from "./quality-log.ts";
import { QuoteBroadcast } from "./quotes/quote-broadcast.ts";
import { isYoungEnough } from "./quotes/quote-checks.ts";
import { QuoteLog } from "./quotes/quote-log.ts";
import { QuoteService } from "./quotes/quote-service.ts";
import { QuoteStore } from "./quotes/quote-store.ts";
import type { SourcePrice } from "./quotes/source-prices.ts";
import type {
  Availability,
  CandlesReply,
  ColumnsReply,
  ImportBatch,
  ImportReply,
  QuoteReply,
  Trace,
} from "./replies.ts";
import { openRoomSockets } from "./room-sockets.ts";
import { RoomState } from "./room-state.ts";
import { prepareTables } from "./schema.ts";
import { chooseSource } from "./sources/choose-source.ts";
import { openUpstreams, type Priority } from "./upstreams.ts";

export type {
  Availability,
  CandlesReply,
  ColumnsReply,
  DoubtedCandle,
  ImportBatch,
  ImportReply,
  QuoteReply,
  Trace,
} from "./replies.ts";

/** The one owner of a symbol's market data: its latest quote, its candles, its position in the stream. Named by the canonical symbol. */
export class SymbolRoom extends StreamingObject {
  protected readonly sessions: SessionHub;
  readonly #state: RoomState;
  readonly #quoteStore: QuoteStore;
  readonly #candles: Candles;
  readonly #quality: QualityLog;
  readonly #quotes: QuoteService;
  readonly #quoteBroadcast: QuoteBroadcast;
  readonly #publisher: Publisher;
  readonly #beginEpoch: () => Promise<QuotePosition>;
  /** The history that is read for clients at the moment. */
  readonly #historyWork = new HistoryWork();
  readonly #noteDemand: (instrument: Instrument) => void;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    prepareTables(ctx.storage);
    const keep = (work: Promise<void>): void => ctx.waitUntil(work);
    this.#state = new RoomState(ctx.storage.sql);
    const log = new QuoteLog(ctx.storage.sql, this.#state);
    this.#quoteStore = new QuoteStore(ctx.storage, this.#state, log);
    this.#noteDemand = openDemandNote(env.DB, keep, () => marketModeOf(this.env));
    const upstreams = openUpstreams(env);
    this.#quality = new QualityLog(env.DB, keep);
    this.#quoteBroadcast = new QuoteBroadcast(env.CACHE, keep);
    this.#quotes = new QuoteService(
      this.#quoteStore,
      this.#state,
      upstreams,
      this.#quality,
      (instrument, quote, events) => this.#publisher.onQuote(instrument, quote, events),
    );
    this.#candles = new Candles({
      ...{ storage: ctx.storage, env, state: this.#state, upstreams, quality: this.#quality },
      isSource: (provider) => {
        const instrument = this.#state.instrument();
        return instrument !== null && this.#sourcesOf(instrument).includes(provider);
      },
      onChanged: (...bars) => this.#publisher.onRevised(...bars),
      onUpkeep: () => this.#publisher.scheduleUpkeep(),
    });
    this.#publisher = new Publisher({
      ...{ storage: ctx.storage, state: this.#state, log, upstreams, keep, historyWork: this.#historyWork },
      contextOf: (instrument) => this.#contextOf(instrument),
      latest: async (context) => (await this.#quotes.current(context, null, "background")).quote,
      tick: (context, now) => this.#quotes.tick(context, now),
      nextUpkeep: (instrument, now) => this.#candles.nextUpkeep(this.#seriesOf(instrument), now),
      keepCandles: (instrument) => this.#candles.upkeep(this.#seriesOf(instrument)),
      hubs: () => this.env.STREAM_HUB,
      ownSessions: () => this.sessions,
      beginEpoch: () => keep(this.#beginEpoch().then(() => undefined)),
    });
    const [state, publisher, quotes] = [this.#state, this.#publisher, this.#quoteStore];
    const invalidate = () => this.#quoteBroadcast.invalidate(ctx.id.name ?? "");
    this.#beginEpoch = () => renewEpoch({ storage: ctx.storage, state, log, quotes, publisher, invalidate });
    this.sessions = openRoomSockets(ctx, env, state, publisher);
    if (state.enterGeneration(env.STREAM_GENERATION)) keep(this.#beginEpoch().then(() => undefined));
  }

  /**
   * The latest quote, asked of its sources again where it is no longer recent, or older than the caller accepts.
   * @param known the symbol's registry row as the caller knows it; the room may know a newer one
   * @param maxAge the most open-market seconds since the price was true; null for no bound
   */
  async quote(known: Instrument, maxAge: number | null, traceparent?: string): Promise<QuoteReply> {
    return this.#quality.withCounts(
      await withRemoteParent("room.quote", traceparent, () => this.#findQuote(known, maxAge)),
    );
  }

  async #findQuote(known: Instrument, maxAge: number | null): Promise<QuoteReply> {
    const instrument = this.#state.saveInstrument(known);
    const context = this.#contextOf(instrument);
    this.#noteDemand(instrument);
    const { quote, tier } = await this.#quotes.current(context, maxAge, "user");
    if (!quote) {
      const [sources, attempts] = [[...context.sources], [...this.#quotes.attempts()]];
      return { kind: "unavailable", sources, attempts, retryAfter: this.#quotes.retryAfter() };
    }
    const now = Date.now() / 1000;
    this.#quoteBroadcast.publishToKv(quote, now);
    if (!isYoungEnough(instrument, quote, maxAge, now)) return { kind: "too_old", lastKnown: quote };
    return { kind: "quote", quote, tier };
  }

  /** Asks for a newer quote where the last one is no longer recent. For scheduled work: it is no demand. */
  async refreshQuote(known: Instrument, traceparent?: string): Promise<void> {
    const context = this.#contextOf(this.#state.saveInstrument(known));
    const { quote } = await withRemoteParent("room.refreshQuote", traceparent, () =>
      this.#quotes.current(context, null, "background"),
    );
    if (quote) this.#quoteBroadcast.publishToKv(quote, Date.now() / 1000);
  }

  /** What each of the symbol's sources says now. */
  async everySource(known: Instrument, traceparent?: string): Promise<SourcePrice[]> {
    const context = this.#contextOf(this.#state.saveInstrument(known));
    return withRemoteParent("room.everySource", traceparent, () => this.#quotes.everySource(context));
  }

  /** A page of candles: from the store, after fetching what it lacks, or from the simulator. */
  async candles(known: Instrument, query: RowQuery, traceparent?: string): Promise<CandlesReply> {
    const instrument = this.#state.saveInstrument(known);
    this.#noteDemand(instrument);
    const read = () => this.#readCandles(instrument, query, "user");
    return this.#quality.withCounts(await withRemoteParent("room.candles", traceparent, read));
  }

  /**
   * The bars that are asked for, with the history that indicators need, in one call.
   * @param specs the keys of the indicators' specs
   */
  async columns(
    known: Instrument,
    query: BarsQuery,
    specs: readonly string[],
    traceparent?: string,
  ): Promise<ColumnsReply> {
    const context = this.#contextOf(this.#state.saveInstrument(known));
    this.#noteDemand(context.instrument);
    const now = Date.now() / 1000;
    const read = () => this.#readColumns(context, query, specs, now);
    const bars = barsNeeded(specs.map(parseSpec), context.market, query, now);
    try {
      const reply = await withRemoteParent("room.columns", traceparent, () => this.#historyWork.run(bars, read));
      return this.#quality.withCounts(reply.kind === "columns" ? reply : { ...reply, sources: [...context.sources] });
    } catch (error) {
      if (!(error instanceof RoomOverloaded)) throw error;
      return this.#quality.withCounts({ kind: "overloaded", retryAfter: error.retryAfter });
    }
  }

  /** Fetches the last candles that a series lacks. For scheduled work: it is no demand. */
  async refreshCandles(known: Instrument, interval: Interval, limit: number, traceparent?: string): Promise<void> {
    const instrument = this.#state.saveInstrument(known);
    const to = Math.floor(Date.now() / 1000) + 1;
    const query = { interval, from: -8.64e12, to, limit, backward: true, includeSuspect: false };
    await withRemoteParent("room.refreshCandles", traceparent, () =>
      this.#readCandles(instrument, query, "background"),
    );
  }

  /** Takes quotes from a provider's poll, in order of arrival. */
  async ingest(known: Instrument, quotes: readonly ProviderQuote[]): Promise<StoredQuote | null> {
    const instrument = this.#state.saveInstrument(known);
    const sources = this.#sourcesOf(instrument);
    for (const quote of quotes) if (sources.includes(quote.provider)) this.#quotes.ingest(instrument, quote);
    return this.#quotes.latestOf(sources);
  }

  /** Stores imported candles; all of the batch or nothing. */
  async importCandles(known: Instrument, batch: ImportBatch): Promise<ImportReply> {
    const instrument = this.#state.saveInstrument(known);
    const reply = await this.#candles.importBatch(this.#seriesOf(instrument), batch);
    if (reply.stored + reply.replaced > 0) await this.#onImported(instrument);
    return reply;
  }

  /** What importing candles would do; nothing is stored. */
  async checkImport(known: Instrument, batch: ImportBatch): Promise<ImportReply> {
    return this.#candles.checkImport(this.#seriesOf(this.#state.saveInstrument(known)), batch);
  }

  /** Makes the 1h and 1d candles of finer ones of an import that has ended. */
  async finishImport(known: Instrument, importId: string): Promise<void> {
    const instrument = this.#state.saveInstrument(known);
    if (await this.#candles.finishImport(this.#seriesOf(instrument), importId)) await this.#onImported(instrument);
  }

  /** Takes some of an import's candles away; what lay under them comes up. Call it again until nothing is left. */
  async deleteImport(known: Instrument, importId: string): Promise<{ done: boolean }> {
    const instrument = this.#state.saveInstrument(known);
    const done = await this.#candles.deleteImport(this.#seriesOf(instrument), importId);
    if (done) await this.#onImported(instrument);
    return { done };
  }

  /**
   * Changes what an import says was done to past prices.
   * @param adjustedAsOf from when on raw prices fit, unix seconds; null for raw prices
   */
  async adjustImport(
    known: Instrument,
    importId: string,
    adjustment: Adjustment,
    adjustedAsOf: number | null,
  ): Promise<void> {
    const instrument = this.#state.saveInstrument(known);
    if (this.#candles.adjustImport(importId, adjustment, adjustedAsOf)) await this.#onImported(instrument);
  }

  /** Drops a quote that was made of other candles, or of none. */
  async #onImported(instrument: Instrument): Promise<void> {
    this.#publisher.onImported();
    const latest = this.#quoteStore.latest();
    if (latest && latest.provider !== "import" && latest.provider !== "simulator") return;
    this.#quoteStore.drop();
    await this.#quoteBroadcast.invalidate(instrument.symbol);
  }

  /** Deletes fetched candles that are older than is kept, where their source has them. For scheduled work. */
  async pruneCandles(known: Instrument): Promise<void> {
    const instrument = this.#state.saveInstrument(known);
    this.#candles.prune(this.#seriesOf(instrument));
  }

  /** Keeps the symbol's registry row, which an alarm has no caller to get from. */
  async keepInstrument(instrument: Instrument): Promise<void> {
    this.#state.saveInstrument(instrument);
    await this.checkAlarm();
  }

  async checkAlarm(): Promise<void> {
    this.sessions.checkSchedule();
    await this.#publisher.checkAlarm();
  }

  /** Whether there are quotes or candles, whose numbers are in the symbol's present units. */
  async hasPrices(): Promise<boolean> {
    return this.#quoteStore.latest() !== null || this.#candles.hasAny();
  }

  /** The last quote's time and the known stretches by interval. */
  async availability(known: Instrument): Promise<Availability> {
    const { sources, source } = this.#contextOf(this.#state.saveInstrument(known));
    return { lastQuoteAt: this.#quotes.latestOf(sources)?.timestamp ?? null, intervals: source.knownIntervals() };
  }

  /** Who was asked for the quote last, and what came of it. (A method named `trace` cannot be called: the platform keeps that name.) */
  async quoteTrace(known: Instrument): Promise<Trace> {
    const sources = this.#sourcesOf(this.#state.saveInstrument(known));
    return { latest: this.#quotes.latestOf(sources), sources, attempts: [...this.#quotes.attempts()] };
  }

  /** Leases what a hub is interested in from now on. The lease is renewed by calling it again. */
  async renewLease(known: Instrument, hub: string, interest: Interest): Promise<Lease> {
    return this.#publisher.renewLease(this.#state.saveInstrument(known), hub, interest);
  }

  /** Begins a new epoch of the stream; what clients know by their positions is no longer taken for true. */
  async renewEpoch(known: Instrument): Promise<QuotePosition> {
    this.#state.saveInstrument(known);
    return this.#beginEpoch();
  }

  /** The quotes that came after a position, or a snapshot. */
  async replayQuotes(known: Instrument, since: QuotePosition | null): Promise<QuoteReplay> {
    return this.#publisher.replayQuotes(this.#state.saveInstrument(known), since);
  }

  /** The bars that closed after the one stamped `since`. */
  async replayCandles(known: Instrument, interval: Interval, since: number | null): Promise<BarReplay> {
    return this.#publisher.replayCandles(this.#state.saveInstrument(known), interval, since);
  }

  /** The values of each of several indicators at the bars that closed after the one stamped `since`. */
  async replayIndicators(
    known: Instrument,
    interval: Interval,
    specs: readonly string[],
    since: number | null,
  ): Promise<BarReplay[]> {
    return this.#publisher.replayIndicators(this.#state.saveInstrument(known), interval, specs, since);
  }

  override async alarm(): Promise<void> {
    await this.#publisher.onAlarm();
  }

  /** Does nothing, to show that rooms answer. */
  ping(): void {}

  #sourcesOf(instrument: Instrument): ProviderName[] {
    return effectiveSources(instrument.data_sources, marketModeOf(this.env));
  }

  /** What a request needs to know of the symbol; the source of its data is chosen here, once. */
  #contextOf(instrument: Instrument): InstrumentContext {
    const series = this.#seriesOf(instrument);
    return contextOf(instrument, series.sources, chooseSource(series, this.#candles.reading));
  }

  #seriesOf(instrument: Instrument): Series {
    return this.#candles.series(instrument, this.#sourcesOf(instrument));
  }

  #readColumns({ source, market }: InstrumentContext, query: BarsQuery, specs: readonly string[], now: number) {
    return readColumns(
      (rows) => source.readPage(rows, "user"),
      (id) => source.originOf(id),
      market,
      query,
      specs,
      now,
    );
  }

  async #readCandles(instrument: Instrument, query: RowQuery, priority: Priority): Promise<CandlesReply> {
    const { source, sources } = this.#contextOf(instrument);
    const page = await source.readPage(query, priority);
    return page.kind === "page" ? page : { ...page, sources: [...sources] };
  }
}
