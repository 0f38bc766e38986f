import type { CandleAnswer, Segment, SeriesFacts } from "../../contracts/candle.ts";
import { ApiError } from "../../contracts/problem.ts";
import type { ProviderName } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { bucketStamped, bucketsBefore, lastPossibleStamp } from "../../core/buckets.ts";
import { type CandleColumns, candleAt } from "../../core/candles.ts";
import { type Coverage, coverageOf } from "../../core/coverage.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { isoTime } from "../../core/time.ts";
import type { CandlesPage } from "../../durable-objects/symbol-room/candles/reading/candle-pages.ts";
import type { Tier } from "../http/responses.ts";
import { readRoomCandles } from "../rooms/candles.ts";
import { segmentsOf } from "../rooms/segments.ts";
import { describeUnavailableSources } from "../rooms/unavailable-sources.ts";

/** Which page of candles is asked for; times in unix seconds. */
export interface PageQuery {
  interval: Interval;
  limit: number;
  /** The first stamp that may be answered; null where there is no such bound. */
  from: number | null;
  /** The first stamp that may not. */
  to: number;
  /** Whether the page is filled from `to` backward. */
  backward: boolean;
  fullCoverage: boolean;
  includeSuspect: boolean;
}

/** A page of candles, oldest first, and what there is to know about it. */
export interface CandlePage {
  facts: SeriesFacts;
  segments: Segment[];
  /** The provider of each candle. */
  providers: ProviderName[];
  candles: CandleAnswer[];
  coverage: Coverage;
  /** Where the next page in the page's direction begins or ends; null where there is none. */
  next: number | null;
  /** Whether the last candle is still forming. */
  forming: boolean;
  tier: Tier;
}

const MIN_STAMP = -8.64e12;

/**
 * Reads a page of a symbol's candles from its room.
 * @throws ApiError candles.unavailable where no source answers and no candles are stored
 */
export async function readCandlePage(env: Env, record: SymbolRecord, query: PageQuery): Promise<CandlePage> {
  const { interval, limit, to, backward, includeSuspect } = query;
  const rows = { interval, limit, from: query.from ?? MIN_STAMP, to, backward, includeSuspect };
  const reply = await readRoomCandles(env, record, rows);
  if (reply.kind === "unavailable") {
    const { sentence, sources } = describeUnavailableSources(record, reply.sources);
    throw new ApiError("candles.unavailable", `${sentence}. No candle of it is known yet.`, {
      headers: { "Retry-After": String(Math.max(1, Math.ceil(reply.retryAfter))) },
      extensions: { sources },
    });
  }
  const { candles: columns, origins, facts, known, suspects, partial, unfit, tier } = reply;
  const next = nextStart(reply, query.backward);
  const market = marketOf(record.primary_exchange);
  const now = Date.now() / 1000;
  const last = columns.length > 0 ? bucketStamped(market, interval, columns.time[columns.length - 1]) : null;
  const forming = last !== null && last.closes > now;
  const window = coveredSpan(query, columns, next, lastPossibleStamp(market, interval, now));
  const from = window.from ?? bucketsBefore(market, interval, window.to, limit, MIN_STAMP)[0]?.time ?? window.to;
  const coverage = coverageOf({
    market,
    interval,
    from,
    to: window.to,
    times: columns.time,
    suspects,
    partial,
    unfit,
    known,
    listedOn: record.listed_on === null ? null : Date.parse(record.listed_on) / 1000,
    full: query.fullCoverage,
  });
  const segments = segmentsOf(columns, origins, market, interval);
  const byId = new Map(origins.map(({ id, provider }) => [id, provider]));
  const providers = Array.from(columns.origin, (id) => byId.get(id) ?? "simulator");
  return { facts, segments, providers, candles: toRows(columns, forming), coverage, next, forming, tier };
}

/** The stretch of time that a page covers; `from` is null where nothing says how far back it goes. */
function coveredSpan(
  query: PageQuery,
  columns: CandleColumns,
  next: number | null,
  end: number,
): { from: number | null; to: number } {
  const to = Math.min(query.to, end);
  const first = columns.length > 0 ? columns.time[0] : null;
  if (!query.backward) {
    const from = Math.min(query.from ?? to, to);
    return { from, to: next ?? to };
  }
  return { from: next ?? (query.from === null ? first : Math.min(query.from, to)), to };
}

function nextStart({ candles, more, boundary }: CandlesPage, backward: boolean): number | null {
  if (!more) return null;
  if (boundary !== null || candles.length === 0) return boundary;
  return backward ? candles.time[0] : candles.time[candles.length - 1] + 1;
}

function toRows(columns: CandleColumns, forming: boolean): CandleAnswer[] {
  return Array.from({ length: columns.length }, (_, i) => {
    const { revision, suspect, ...numbers } = candleAt(columns, i);
    const state = forming && i === columns.length - 1 ? "open" : revision > 0 ? "revised" : "closed";
    return { ...numbers, state, revision, suspect };
  });
}

/** Coverage as it is answered: times in ISO-8601. */
export function coverageBody(coverage: Coverage) {
  return {
    expected: coverage.expected,
    returned: coverage.returned,
    missing: coverage.missing.map(({ from, to, reason }) => ({ from: isoTime(from), to: isoTime(to), reason })),
    holidays_known: coverage.holidaysKnown,
  };
}
