import type { ProviderName } from "../../../contracts/provider.ts";
import type { ProviderQuote, StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { anomalyOf, checkQuote } from "../../../core/data-quality/check-quote.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { isWithin } from "../../../core/time.ts";
import { freshnessPolicyOf } from "../../../providers/freshness-policy.ts";
import type { FrameEvent } from "../../symbol-events/symbol-events.ts";
import type { InstrumentContext } from "../instrument-context.ts";
import type { QualityLog } from "../quality-log.ts";
import type { RoomState } from "../room-state.ts";
import type { Priority, Upstreams } from "../upstreams.ts";
import { isYoungEnough, printOf, rulesFor } from "./quote-checks.ts";
import { type AcceptedQuote, type QuoteStore, sameUnits } from "./quote-store.ts";
import { type Attempt, queryWithFailover } from "./source-failover.ts";
import { askEachSource, type SourcePrice } from "./source-prices.ts";

/** Upstreams are not asked more often than this (seconds), whatever a caller accepts. */
const ASK_PAUSE = 1;
/** A last known quote is answered for this long (open-market seconds) while no source answers; it says `stale`. */
const MAX_LAST_KNOWN_AGE = 86_400;
/** Seconds after which to ask again if no source said when. */
const RETRY_AFTER = 5;
/** Seconds after which to ask again if no source can be asked at all. */
const RETRY_WITHOUT_SOURCES = 60;

/** Publishes the events of a quote that was stored. */
type OnQuote = (instrument: Instrument, quote: StoredQuote, events: readonly FrameEvent[]) => void;

/** A quote and where it was found. */
export interface FoundQuote {
  quote: StoredQuote | null;
  tier: "room" | "provider";
}

/** A room's latest quote: read from the store while it is recent, else asked of the sources, once for all who wait. */
export class QuoteService {
  readonly #quotes: QuoteStore;
  readonly #state: RoomState;
  readonly #upstreams: Upstreams;
  readonly #quality: QualityLog;
  readonly #onQuote: OnQuote;
  #refreshing: { answer: Promise<StoredQuote | null>; priority: Priority } | null = null;
  #attempts: readonly Attempt[] = [];
  /** When sources were last asked, unix seconds. */
  #askedAt = 0;

  /** @param onQuote publishes the events of a quote that was stored */
  constructor(quotes: QuoteStore, state: RoomState, upstreams: Upstreams, quality: QualityLog, onQuote: OnQuote) {
    this.#quotes = quotes;
    this.#state = state;
    this.#upstreams = upstreams;
    this.#quality = quality;
    this.#onQuote = onQuote;
  }

  /** The last quote, if it came from one of these sources. */
  latestOf(sources: readonly ProviderName[]): StoredQuote | null {
    const latest = this.#quotes.latest();
    return latest && sources.includes(latest.provider) ? latest : null;
  }

  /**
   * The quote to answer with: the last one while it is recent, else what the sources say. Beside upstreams a source's own quote, of imports,
   * is the last resort: where none of them answers, and none of their prices is known that may still be answered.
   */
  async current(context: InstrumentContext, maxAge: number | null, priority: Priority): Promise<FoundQuote> {
    const { instrument, sources, source } = context;
    const now = Date.now() / 1000;
    const asked = source.isPolled ? sources.filter((provider) => provider !== source.localProvider) : sources;
    const kept = this.latestOf(asked);
    if (kept && this.#isRecent(instrument, kept, maxAge, now)) return { quote: kept, tier: "room" };
    const local = source.isPolled ? null : source.localQuote(now);
    if (local) return { quote: this.#accept(instrument, local), tier: "provider" };
    if (this.#refreshing || !isWithin(ASK_PAUSE, this.#askedAt, now)) {
      const fresh = await this.#refresh(instrument, asked, priority);
      if (fresh) return { quote: fresh, tier: "provider" };
    }
    const last = this.latestOf(asked);
    if (last && isYoungEnough(instrument, last, MAX_LAST_KNOWN_AGE, now)) return { quote: last, tier: "room" };
    const known = source.localQuote(now);
    return { quote: known && this.#accept(instrument, known), tier: "room" };
  }

  /** What each of the sources says now. Nothing is kept of it. */
  everySource({ instrument, sources, source }: InstrumentContext): Promise<SourcePrice[]> {
    const local = (provider: ProviderName) =>
      provider === source.localProvider ? source.localQuote(Date.now() / 1000) : null;
    return askEachSource(instrument, sources, this.#upstreams, local, (quote) =>
      quote.price === null ? null : anomalyOf(printOf(quote, quote.price), this.#quotes.memory(), rulesFor(instrument)),
    );
  }

  /** Stores a polled quote, under the same checks as one that was asked for. */
  ingest(instrument: Instrument, quote: ProviderQuote): void {
    if (quote.price === null) return;
    const print = printOf(quote, quote.price);
    const { decision, memory } = checkQuote(print, this.#quotes.memory(), rulesFor(instrument));
    this.#quotes.remember(memory);
    if (decision.verdict === "accept") this.#accept(instrument, quote);
    else if (decision.reason !== "older") {
      this.#quality.quotes(instrument.symbol, [{ provider: quote.provider, time: print.time, ...decision }]);
    }
  }

  /** Stores what a source does by itself at `now`. */
  tick({ instrument, source }: InstrumentContext, now: number): void {
    const latest = this.#quotes.latest();
    const isOwn = latest?.provider === source.localProvider;
    const last = latest && isOwn ? Math.floor(Date.parse(latest.timestamp) / 1000) : null;
    for (const tick of source.ticks(now, last)) {
      switch (tick.kind) {
        case "lost":
          this.#state.nextSeq();
          break;
        case "again":
          this.#publish(instrument, this.#quotes.acceptDuplicate(instrument, tick.quote));
          break;
        case "quote":
          this.#accept(instrument, tick.quote);
      }
    }
  }

  /** What came of the last time that upstreams were asked. */
  attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  /** Seconds after which asking again may help. */
  retryAfter(): number {
    const said = this.#attempts.flatMap(({ retry_after }) => (retry_after === null ? [] : [retry_after]));
    if (said.length > 0) return Math.max(1, Math.ceil(Math.min(...said)));
    const isHopeless = this.#attempts.every(
      ({ outcome, reason }) => outcome === "not_listed" || reason === "not_configured",
    );
    return isHopeless ? RETRY_WITHOUT_SOURCES : RETRY_AFTER;
  }

  /** Stores a quote, and publishes it if it is news. */
  #accept(instrument: Instrument, quote: ProviderQuote): StoredQuote {
    return this.#publish(instrument, this.#quotes.accept(instrument, quote));
  }

  #publish(instrument: Instrument, { quote, events }: AcceptedQuote): StoredQuote {
    if (events.length > 0) this.#onQuote(instrument, quote, events);
    return quote;
  }

  #refresh(instrument: Instrument, sources: readonly ProviderName[], priority: Priority): Promise<StoredQuote | null> {
    const running = this.#refreshing;
    if (running && (running.priority === "user" || priority === "background")) return running.answer;
    // A user does not wait as scheduled work does: asked again, the gate moves the symbol to the users' queue.
    const own = { priority, answer: this.#askSources(instrument, sources, priority) };
    this.#refreshing = own;
    own.answer = own.answer.finally(() => {
      if (this.#refreshing === own) this.#refreshing = null;
    });
    return own.answer;
  }

  async #askSources(
    instrument: Instrument,
    sources: readonly ProviderName[],
    priority: Priority,
  ): Promise<StoredQuote | null> {
    this.#askedAt = Date.now() / 1000;
    const request = {
      instrument,
      sources,
      market: marketOf(instrument.primary_exchange),
      memory: this.#quotes.memory(),
      priority,
      now: () => Date.now() / 1000,
    };
    const result = await queryWithFailover(request, this.#upstreams);
    this.#attempts = result.attempts;
    this.#quotes.remember(result.memory);
    this.#quality.quotes(instrument.symbol, result.anomalies);
    const known = this.latestOf(sources);
    // A source further down may be behind the last known price: time does not run backwards.
    if (!result.quote || (known && result.quote.timestamp < known.timestamp)) return null;
    return this.#accept(instrument, result.quote);
  }

  #isRecent(instrument: Instrument, kept: StoredQuote, maxAge: number | null, now: number): boolean {
    if (kept.provider === "import") return sameUnits(kept, instrument);
    const receivedAt = Date.parse(kept.received_at) / 1000;
    const { refreshAfter } = freshnessPolicyOf(kept.provider);
    return isWithin(refreshAfter, receivedAt, now) && isYoungEnough(instrument, kept, maxAge, now);
  }
}
