import { factsOf, type Origin } from "../../../contracts/candle.ts";
import type { ProviderQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { bucketStamped, lastPossibleStamp } from "../../../core/buckets.ts";
import { type Candle, candleAt, copyCandles, sliceCandles } from "../../../core/candles.ts";
import { INTERVALS, type Interval } from "../../../core/interval.ts";
import { type Market, marketOf } from "../../../core/market-calendar/markets.ts";
import { isOpen, nextOpen } from "../../../core/market-calendar/sessions.ts";
import type { Span } from "../../../core/spans.ts";
import { DAY, isoTime } from "../../../core/time.ts";
import {
  isRevised,
  knownSecond,
  REVISION_DELAY_SECONDS,
  ticksAt,
  withRevisions,
} from "../../../providers/simulator/sandbox.ts";
import { SIMULATED_FROM, simulatedCandles, simulatedQuote } from "../../../providers/simulator/simulator.ts";
import type { CandlesPage } from "../candles/reading/candle-pages.ts";
import type { RowQuery } from "../candles/storage/candle-store.ts";
import type { MarketSource, SourceTick } from "./market-source.ts";

/** Further ahead than any bar that forms is stamped. */
const AHEAD = 32 * DAY;

/** Simulated candles have no number of an origin. */
const SIMULATED: Origin = {
  ...{ id: 0, provider: "simulator", importId: null, adjustment: "raw", adjustedAsOf: null },
  ...{ construction: "provider", volumeUnit: null },
};

/** The simulator: a function of symbol and time, with the faults of the sandbox's symbols. */
export class SimulatedSource implements MarketSource {
  readonly localProvider = "simulator";
  readonly isPolled = false;
  readonly barDelay = 0;
  readonly revisesAfter: number | null;
  readonly #instrument: Instrument;
  readonly #market: Market;

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
    this.#market = marketOf(instrument.primary_exchange);
    this.revisesAfter = isRevised(instrument.symbol) ? REVISION_DELAY_SECONDS : null;
  }

  localQuote(now: number): ProviderQuote | null {
    const second = Math.floor(now);
    const known = knownSecond(this.#instrument.symbol, second);
    const quote = simulatedQuote(this.#instrument, known === second ? now : known);
    return quote && { ...quote, received_at: isoTime(now) };
  }

  /** Each second while the market is open, the close included. */
  nextTickAt(now: number): number | null {
    const second = Math.floor(now);
    if (isOpen(this.#market, second)) return second + 1;
    const opens = nextOpen(this.#market, second);
    return opens === null ? null : opens + 1;
  }

  ticks(now: number, last: number | null): SourceTick[] {
    return ticksAt(this.#instrument.symbol, Math.floor(now), last).flatMap((tick): SourceTick[] => {
      if (tick.kind === "lost") return [tick];
      const quote = simulatedQuote(this.#instrument, tick.second);
      return quote ? [{ kind: tick.kind, quote: { ...quote, received_at: isoTime(now) } }] : [];
    });
  }

  formingBar(interval: Interval, now: number): Candle | null {
    const query = { interval, from: now - AHEAD, to: now + AHEAD, limit: 1, backward: true };
    const candles = simulatedCandles(this.#instrument, query, now);
    const last = candles.length === 0 ? null : candleAt(candles, 0);
    const closes = last && bucketStamped(this.#market, interval, last.time)?.closes;
    return closes && closes > now ? last : null;
  }

  async readPage(query: RowQuery): Promise<CandlesPage> {
    const now = Date.now() / 1000;
    const traded = simulatedCandles(this.#instrument, { ...query, limit: query.limit + 1 }, now);
    const all = withRevisions(this.#instrument, query.interval, traded, now);
    const more = all.length > query.limit;
    const start = more && query.backward ? 1 : 0;
    return {
      kind: "page",
      candles: copyCandles(sliceCandles(all, start, start + query.limit)),
      more,
      boundary: null,
      origins: all.length > 0 ? [SIMULATED] : [],
      facts: factsOf([SIMULATED]),
      known: { from: SIMULATED_FROM, to: lastPossibleStamp(this.#market, query.interval, now) },
      suspects: [],
      partial: [],
      unfit: [],
      isComplete: true,
      tier: "provider",
    };
  }

  originOf(): Origin {
    return SIMULATED;
  }

  knownIntervals(): Partial<Record<Interval, Span>> {
    const stretch = { from: SIMULATED_FROM, to: Math.floor(Date.now() / 1000) };
    return Object.fromEntries(INTERVALS.map((interval) => [interval, stretch]));
  }
}
