import type { Market } from "./market-calendar/markets.ts";
import { isOpen, openSecondsBetween } from "./market-calendar/sessions.ts";

/**
 * How far a quote may be trusted to be now.
 * - `live`: as recent as its source allows, the market is open
 * - `delayed`: as `live`, from a source that delays by agreement
 * - `closed`: the last price before the market closed
 * - `stale`: older than its source should ever be
 * - `historical`: from imported candles alone; nothing is known since
 */
export const FRESHNESS = ["live", "delayed", "closed", "stale", "historical"] as const;

export type Freshness = (typeof FRESHNESS)[number];

/** What a source promises of the age of its prices. */
export interface FreshnessPolicy {
  /** Open-market seconds after which a quote is stale. */
  staleAfter: number;
  /** Seconds by which the source delays, by agreement. */
  delay: number;
  /** Whether the source is imported candles and nothing else. */
  historical: boolean;
}

/** Seconds of open market since a price was true. Time while the market is closed does not count. */
export function openMarketAge(market: Market, timestamp: number, now: number, atMost?: number): number {
  return openSecondsBetween(market, timestamp, now, atMost);
}

/** The freshness at `now` of a price that was true at `timestamp` (unix seconds). */
export function freshnessOf(policy: FreshnessPolicy, market: Market, timestamp: number, now: number): Freshness {
  if (policy.historical) return "historical";
  if (openMarketAge(market, timestamp, now, policy.staleAfter + 1) > policy.staleAfter) return "stale";
  if (!isOpen(market, now)) return "closed";
  return policy.delay > 0 ? "delayed" : "live";
}
