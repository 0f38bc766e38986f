import type { Adjustment } from "../contracts/candle.ts";
import type { ProviderName } from "../contracts/provider.ts";
import type { ProviderQuote } from "../contracts/quote.ts";
import type { Instrument, SymbolRecord } from "../contracts/symbol.ts";
import type { CandleColumns } from "../core/candles.ts";
import type { Check } from "../core/data-quality/finding.ts";
import type { Interval } from "../core/interval.ts";
import type { AssetType } from "../core/symbol.ts";

/** What an upstream can do, and how often it may be asked. */
export interface Capabilities {
  /** Asset classes that it quotes. */
  assetTypes: readonly AssetType[];
  /** Candle intervals that the upstream itself serves on our buckets, by asset class; none where it has no candles. */
  intervals: Partial<Record<AssetType, readonly Interval[]>>;
  /** Symbols that one quote call may name. */
  batchSize: number;
  /** Seconds by which prices are delayed, by agreement. */
  delay: number;
  budget: Budget;
}

/** How many calls may be made, each use of `CallContext.fetch` being one; null where there is no such limit. */
export interface Budget {
  perSecond: number | null;
  perMinute: number | null;
  perDay: number | null;
}

/** Why a call may fail. The upstream's own words never leave its folder. */
export const FAILURE_REASONS = [
  "throttled",
  "quota_spent",
  "premium_only",
  "demo_key",
  "bad_key",
  /** The upstream turns the platform itself away: no name, its address, or its country. */
  "blocked",
  /** A notice in place of an answer that says none of the things known to be said. */
  "unknown_notice",
  "bad_call",
  "unknown_symbol",
  "unsupported",
  "timeout",
  "unreachable",
  "server_error",
  /** What came has not the shape of an answer. */
  "bad_answer",
  "not_configured",
] as const;

/** Why a call failed. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** A call that failed, as a value. */
export interface Failure {
  kind: "failure";
  reason: FailureReason;
  /** Seconds after which the upstream said it may be asked again; null where it did not say. */
  retryAfter: number | null;
}

/** A failed call. */
export function failure(reason: FailureReason, retryAfter: number | null = null): Failure {
  return { kind: "failure", reason, retryAfter };
}

/** Thrown by `CallContext.fetch` where a call may not be made at all; the provider then fails with that very failure. */
export class CallRefused extends Error {
  readonly failure: Failure;

  constructor(refused: Failure) {
    super(`the call was refused: ${refused.reason}`);
    this.failure = refused;
  }
}

/** Whether a call failed. */
export function isFailure(outcome: object): outcome is Failure {
  return "kind" in outcome && outcome.kind === "failure";
}

/** A symbol and what the upstream calls it. */
export interface Listing {
  instrument: Instrument;
  providerSymbol: string;
}

/** Which candles are asked for: those stamped within `[from, to)`, unix seconds. */
export interface CandleRequest {
  listing: Listing;
  interval: Interval;
  from: number;
  to: number;
}

/** Why a row cannot be a candle, by the names of `CHECKS`. */
export const LEFT_OUT_CHECKS = ["off_grid", "no_price", "impossible"] as const satisfies readonly Check[];

/** Why a row cannot be a candle. */
export type LeftOutCheck = (typeof LEFT_OUT_CHECKS)[number];

/** A row of an upstream's answer that cannot be a candle. */
export interface LeftOut {
  /** Unix seconds as the upstream stamped it, fractions included; the beginning of what was asked for where it has no stamp. */
  time: number;
  check: LeftOutCheck;
  /** What is wrong, for a person; never the upstream's words. */
  detail: string;
}

/** Rows that an answer lists as left out at most; beyond these they are counted alone. */
export const MAX_LEFT_OUT_LISTED = 100;

/** Candles of one series, ascending, and what holds for all of them. */
export interface ProviderCandles {
  kind: "candles";
  candles: CandleColumns;
  /** What the upstream sent within the range that cannot be candles, as it came; at most `MAX_LEFT_OUT_LISTED` of them. */
  leftOut: LeftOut[];
  /** How many there were in all. */
  leftOutCount: number;
  /** The end of what was asked for, unix seconds; less where all of a long range takes more calls than one request may make. */
  upTo: number;
  interval: Interval;
  adjustment: Adjustment;
  construction: "provider" | "sampled";
}

/** A symbol that an upstream's search found. */
export interface FoundListing {
  providerSymbol: string;
  name: string;
  type: AssetType | null;
  currency: string | null;
  region: string | null;
}

/** What an upstream knows of a company; what it does not know is not there. */
export type CompanyProfile = Partial<
  Pick<
    SymbolRecord,
    | "name"
    | "description"
    | "sector"
    | "industry"
    | "currency"
    | "country"
    | "market_cap"
    | "shares_outstanding"
    | "employees"
    | "headquarters"
    | "website"
  >
>;

/** What a call may use of the world around it. */
export interface CallContext {
  /**
   * Sends one call upstream. Most quotes and candles take one; a long range of candles, a batch in which the upstream
   * refuses a symbol, or one that mixes what it serves apart, takes several. What counts calls wraps this.
   */
  fetch: (request: Request) => Promise<Response>;
  /** Unix seconds. */
  now: () => number;
  /** Ends the call where it takes too long. */
  signal: AbortSignal;
}

/** The port that every upstream implements. A failed call is a value, never an exception. */
export interface Provider {
  name: ProviderName;
  capabilities: Capabilities;
  /** Quotes by canonical symbol, at most `batchSize` of them; one symbol's failure is its own. */
  quotes(listings: readonly Listing[], context: CallContext): Promise<Map<string, ProviderQuote | Failure>>;
  /**
   * Candles stamped within the request's range, ascending, the forming one included. Where the upstream keeps less
   * than was asked for, those that it has; where it can have none of them, the failure `unsupported`. Rows that cannot
   * be candles are left out and listed; `bad_answer` is what has not the shape of an answer, or no row that can be read.
   */
  candles(request: CandleRequest, context: CallContext): Promise<ProviderCandles | Failure>;
  search?(text: string, context: CallContext): Promise<FoundListing[] | Failure>;
  profile?(listing: Listing, context: CallContext): Promise<CompanyProfile | Failure>;
}
