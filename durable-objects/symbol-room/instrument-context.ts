import type { ProviderName } from "../../contracts/provider.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { ReadPage } from "../../core/indicators/history.ts";
import type { Interval } from "../../core/interval.ts";
import { type Market, marketOf } from "../../core/market-calendar/markets.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import type { CandlesPage } from "./candles/candle-pages.ts";
import type { RowQuery } from "./candles/candle-store.ts";
import type { CandlesReply } from "./replies.ts";

/** Seconds that an upstream is given, beside its own delay, to have the candle of a bar that has closed. */
const GRACE = 2;

/** What a room is about. */
export interface InstrumentContext {
  instrument: Instrument;
  market: Market;
  /** Where its data comes from, in order. */
  sources: readonly ProviderName[];
  /** Whether it changes by itself, by polling, or only when something is imported. */
  kind: "simulated" | "polled" | "imported";
  /** Seconds after the close of a bar at which its candle is known. */
  delay: number;
}

/** Gathers what a room is about. */
export function contextOf(instrument: Instrument, sources: readonly ProviderName[]): InstrumentContext {
  const kind = sources.includes("import") ? "imported" : sources.includes("simulator") ? "simulated" : "polled";
  const delay = kind === "polled" ? freshnessPolicyOf(sources[0]).delay + GRACE : 0;
  return { instrument, market: marketOf(instrument.primary_exchange), sources, kind, delay };
}

/** None of the sources has the candles that are needed now. */
export class CandlesUnavailable extends Error {
  constructor() {
    super("no source has the candles");
  }
}

/** Reads a room's own candles, as a caller that asks it would get them. */
export type ReadCandles = (instrument: Instrument, query: RowQuery) => Promise<CandlesReply>;

/** A room's candles of one interval, page by page; throws CandlesUnavailable where a page lacks what a source would have. */
export function pagesOf(
  readCandles: ReadCandles,
  { instrument }: InstrumentContext,
  interval: Interval,
): ReadPage<CandlesPage> {
  return async (from, to, limit, backward) => {
    const reply = await readCandles(instrument, { interval, from, to, limit, backward, includeSuspect: false });
    if (reply.kind === "unavailable" || !reply.isComplete) throw new CandlesUnavailable();
    return reply;
  };
}
