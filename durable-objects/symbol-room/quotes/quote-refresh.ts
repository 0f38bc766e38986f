import type { ProviderName } from "../../../contracts/provider.ts";
import type { StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import type { QuoteAnomaly } from "../quality-log.ts";
import type { Priority, Upstreams } from "../upstreams.ts";
import type { QuoteStore } from "./quote-store.ts";
import { type Attempt, queryWithFailover } from "./source-failover.ts";

/** Asks a symbol's sources, once for all who wait at the same time. */
export interface QuoteRefresh {
  /** The quote that came of asking, or null where no source had one. */
  run(instrument: Instrument, sources: readonly ProviderName[], priority: Priority): Promise<StoredQuote | null>;
  /** What came of the last time that sources were asked. */
  attempts(): readonly Attempt[];
  /** Whether sources are being asked at the moment. */
  isRunning(): boolean;
  /** When sources were last asked, unix seconds. */
  askedAt(): number;
}

/** Opens the refreshing of a room's quote. */
export function openQuoteRefresh(
  quotes: QuoteStore,
  upstreams: Upstreams,
  report: (instrument: Instrument, doubts: readonly QuoteAnomaly[]) => void,
): QuoteRefresh {
  let running: { answer: Promise<StoredQuote | null>; priority: Priority } | null = null;
  let attempts: readonly Attempt[] = [];
  let askedAt = 0;
  const ask = async (
    instrument: Instrument,
    sources: readonly ProviderName[],
    priority: Priority,
  ): Promise<StoredQuote | null> => {
    askedAt = Date.now() / 1000;
    const question = {
      instrument,
      sources,
      market: marketOf(instrument.primary_exchange),
      memory: quotes.memory(),
      priority,
      now: () => Date.now() / 1000,
    };
    const asked = await queryWithFailover(question, upstreams);
    attempts = asked.attempts;
    quotes.remember(asked.memory);
    report(instrument, asked.anomalies);
    const latest = quotes.latest();
    const known = latest && sources.includes(latest.provider) ? latest : null;
    // A source further down may be behind the last known price: time does not run backwards.
    if (!asked.quote || (known && asked.quote.timestamp < known.timestamp)) return null;
    return quotes.accept(instrument, asked.quote);
  };
  return {
    run(instrument, sources, priority) {
      if (running && (running.priority === "user" || priority === "background")) return running.answer;
      // A user does not wait as scheduled work does: asked again, the gate lets the symbol board with the users.
      const own = { priority, answer: ask(instrument, sources, priority) };
      running = own;
      own.answer = own.answer.finally(() => {
        if (running === own) running = null;
      });
      return own.answer;
    },
    attempts: () => attempts,
    isRunning: () => running !== null,
    askedAt: () => askedAt,
  };
}
