import type { ProviderName } from "../../../contracts/provider.ts";
import type { StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import type { QuoteAnomaly } from "../quality-log.ts";
import type { Priority, Upstreams } from "../upstreams.ts";
import type { QuoteStore } from "./quote-store.ts";
import { type Attempt, queryWithFailover } from "./source-failover.ts";

/** Asks a symbol's sources, once for all who wait at the same time. */
export class QuoteRefresh {
  readonly #quotes: QuoteStore;
  readonly #upstreams: Upstreams;
  readonly #report: (instrument: Instrument, anomalies: readonly QuoteAnomaly[]) => void;
  #running: { answer: Promise<StoredQuote | null>; priority: Priority } | null = null;
  #attempts: readonly Attempt[] = [];
  #askedAt = 0;

  constructor(
    quotes: QuoteStore,
    upstreams: Upstreams,
    report: (instrument: Instrument, anomalies: readonly QuoteAnomaly[]) => void,
  ) {
    this.#quotes = quotes;
    this.#upstreams = upstreams;
    this.#report = report;
  }

  /** The quote that came of asking, or null where no source had one. */
  run(instrument: Instrument, sources: readonly ProviderName[], priority: Priority): Promise<StoredQuote | null> {
    if (this.#running && (this.#running.priority === "user" || priority === "background")) return this.#running.answer;
    // A user does not wait as scheduled work does: asked again, the gate lets the symbol board with the users.
    const own = { priority, answer: this.#ask(instrument, sources, priority) };
    this.#running = own;
    own.answer = own.answer.finally(() => {
      if (this.#running === own) this.#running = null;
    });
    return own.answer;
  }

  /** What came of the last time that sources were asked. */
  attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  /** Whether sources are being asked at the moment. */
  isRunning(): boolean {
    return this.#running !== null;
  }

  /** When sources were last asked, unix seconds. */
  askedAt(): number {
    return this.#askedAt;
  }

  async #ask(
    instrument: Instrument,
    sources: readonly ProviderName[],
    priority: Priority,
  ): Promise<StoredQuote | null> {
    this.#askedAt = Date.now() / 1000;
    const question = {
      instrument,
      sources,
      market: marketOf(instrument.primary_exchange),
      memory: this.#quotes.memory(),
      priority,
      now: () => Date.now() / 1000,
    };
    const asked = await queryWithFailover(question, this.#upstreams);
    this.#attempts = asked.attempts;
    this.#quotes.remember(asked.memory);
    this.#report(instrument, asked.anomalies);
    const latest = this.#quotes.latest();
    const known = latest && sources.includes(latest.provider) ? latest : null;
    // A source further down may be behind the last known price: time does not run backwards.
    if (!asked.quote || (known && asked.quote.timestamp < known.timestamp)) return null;
    return this.#quotes.accept(instrument, asked.quote);
  }
}
