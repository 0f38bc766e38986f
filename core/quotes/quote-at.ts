import { type Freshness, type FreshnessPolicy, freshnessOf } from "../freshness.ts";
import type { Market } from "../market-calendar/markets.ts";
import { type MarketStatus, marketStatus } from "../market-calendar/sessions.ts";

/** Where a quote is in its stream. */
interface Position {
  epoch: string;
  seq: number;
}

/** What is decided about a quote when it is read. */
interface Reading {
  freshness: Freshness;
  /** Seconds since the price was true, to the millisecond. */
  age_seconds: number;
  market_status: MarketStatus;
}

/**
 * A stored quote as it is at the moment `now` (unix seconds).
 * @param stored its `timestamp` is when the price was true, ISO-8601
 */
export function quoteAt<Q extends Position & { timestamp: string }>(
  stored: Q,
  policy: FreshnessPolicy,
  market: Market,
  now: number,
): Omit<Q, keyof Position> & Reading & Position {
  const timestamp = Date.parse(stored.timestamp) / 1000;
  const { epoch, seq, ...facts } = stored;
  return {
    ...facts,
    freshness: freshnessOf(policy, market, timestamp, now),
    age_seconds: Math.max(0, Math.round((now - timestamp) * 1000) / 1000),
    market_status: marketStatus(market, now),
    epoch,
    seq,
  };
}
