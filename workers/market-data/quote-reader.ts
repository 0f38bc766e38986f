import { ApiError } from "../../contracts/problem.ts";
import { effectiveSources, marketModeOf } from "../../contracts/provider.ts";
import type { Quote, StoredQuote } from "../../contracts/quote.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { openMarketAge } from "../../core/freshness.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { quoteAt } from "../../core/quotes/quote-at.ts";
import type { QuoteReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { readCachedQuotes } from "../../storage/quote-cache.ts";
import type { Tier } from "../http/responses.ts";
import { callRoom, countDecisions, RoomFailure } from "../rooms/call-room.ts";
import { describeUnavailableSources } from "../rooms/unavailable-sources.ts";

/** How old a quote a caller accepts. */
export interface QuoteOptions {
  /** The most open-market seconds since the price was true; null for the platform's own limits. */
  maxAge: number | null;
  /** Go past all caches, to the room. */
  noCache: boolean;
}

/** A quote and the tier that had it. */
export interface QuoteResult {
  quote: Quote;
  tier: Tier;
}

/** A quote that this isolate has answered with, and whether the room itself gave it, as what it answers now. */
interface RecentQuote {
  quote: StoredQuote;
  isFromRoom: boolean;
}

/** Quotes of the last second. Who asked for them does not matter: each reader judges them by its own terms. */
const recentQuotes = new MemoryCache<RecentQuote>(1_000, 5_000, 250);

/** A caller that names no limit gets from KV only what was received this recently (open-market seconds). */
const MAX_KV_AGE_SECONDS = 5;

/** Seconds after which a caller whose limit could not be met may ask again. */
const RETRY_AFTER = "5";

function checked(quote: StoredQuote, record: SymbolRecord): Quote {
  return quoteAt(quote, freshnessPolicyOf(quote.provider), marketOf(record.primary_exchange), Date.now() / 1000);
}

/**
 * Whether a cached quote comes from where the symbol's quotes come from now, and is as recent as this caller asks. A caller that names
 * no limit takes what the room answers now, or what was received a moment ago.
 */
function isAcceptable(
  { quote, isFromRoom }: RecentQuote,
  record: SymbolRecord,
  { maxAge }: QuoteOptions,
  env: Env,
): boolean {
  return isWithin(quote, record, maxAge, env) && (maxAge !== null || isFromRoom || receivedRecently(quote, record));
}

/** Whether a quote comes from a source of its symbol, and was true within the last `maxAge` open-market seconds. */
function isWithin(quote: StoredQuote, record: SymbolRecord, maxAge: number | null, env: Env): boolean {
  if (!effectiveSources(record.data_sources, marketModeOf(env)).includes(quote.provider)) return false;
  if (maxAge === null) return true;
  const market = marketOf(record.primary_exchange);
  return openMarketAge(market, Date.parse(quote.timestamp) / 1000, Date.now() / 1000, maxAge + 1) <= maxAge;
}

function receivedRecently(quote: StoredQuote, record: SymbolRecord): boolean {
  const market = marketOf(record.primary_exchange);
  const received = Date.parse(quote.received_at) / 1000;
  const now = Date.now() / 1000;
  // Received ahead of a clock that was set back: nothing is known of its age.
  if (received > now + MAX_KV_AGE_SECONDS) return false;
  return openMarketAge(market, received, now, MAX_KV_AGE_SECONDS + 1) <= MAX_KV_AGE_SECONDS;
}

/** Forgets the quotes of a symbol in this isolate, after its data has changed. */
export function clearQuotes(): void {
  recentQuotes.clear();
}

/** By canonical symbol, the reading or the problem. */
type QuoteResults = Map<string, QuoteResult | ApiError>;

/**
 * Reads quotes of active symbols, each from the nearest tier that has it recent enough: this isolate's memory (at once), KV, the
 * symbol's room, its provider. One symbol's failure is its own.
 */
export function readQuotes(
  env: Env,
  records: readonly SymbolRecord[],
  options: QuoteOptions,
): QuoteResults | Promise<QuoteResults> {
  const results: QuoteResults = new Map();
  const missing = options.noCache ? records : readMemory(env, records, options, results);
  return missing.length === 0 ? results : readSlowTiers(env, missing, options, results);
}

/** Answers what this isolate's memory can answer; returns the records that it cannot. */
function readMemory(
  env: Env,
  records: readonly SymbolRecord[],
  options: QuoteOptions,
  results: QuoteResults,
): readonly SymbolRecord[] {
  return records.filter((record) => {
    const entry = recentQuotes.get(record.symbol);
    if (!entry || !isAcceptable(entry, record, options, env)) return true;
    results.set(record.symbol, { quote: checked(entry.quote, record), tier: "memory" });
    return false;
  });
}

async function readSlowTiers(
  env: Env,
  records: readonly SymbolRecord[],
  options: QuoteOptions,
  results: QuoteResults,
): Promise<QuoteResults> {
  const missing = options.noCache ? records : await readKv(env, records, options, results);
  await Promise.all(missing.map(async (record) => results.set(record.symbol, await readRoom(env, record, options))));
  return results;
}

/** Answers what KV can answer; returns the records that it cannot. */
async function readKv(
  env: Env,
  records: readonly SymbolRecord[],
  options: QuoteOptions,
  results: QuoteResults,
): Promise<readonly SymbolRecord[]> {
  const cached = await readCachedQuotes(
    env.CACHE,
    records.map((record) => record.symbol),
  );
  return records.filter((record) => {
    const quote = cached.get(record.symbol);
    if (!quote || !isAcceptable({ quote, isFromRoom: false }, record, options, env)) return true;
    recentQuotes.set(record.symbol, { quote, isFromRoom: false });
    results.set(record.symbol, { quote: checked(quote, record), tier: "kv" });
    return false;
  });
}

async function readRoom(env: Env, record: SymbolRecord, options: QuoteOptions): Promise<QuoteResult | ApiError> {
  const reply = await queryRoom(env, record, options);
  switch (reply.kind) {
    case "quote":
      recentQuotes.set(record.symbol, { quote: reply.quote, isFromRoom: true });
      return { quote: checked(reply.quote, record), tier: reply.tier };
    case "fallback":
      return { quote: checked(reply.quote, record), tier: "kv" };
    case "silent":
      return new ApiError(
        "quote.unavailable",
        `The room of ${record.symbol} does not answer, and no cached price is available.`,
        { headers: { "Retry-After": RETRY_AFTER } },
      );
    case "too_old":
      return new ApiError(
        "quote.too_old",
        `No price of ${record.symbol} was true within the last ${options.maxAge} seconds of open market. The last known one is in last_known.`,
        { headers: { "Retry-After": RETRY_AFTER }, extensions: { last_known: checked(reply.lastKnown, record) } },
      );
    case "unavailable": {
      const { sentence, sources } = describeUnavailableSources(record, reply.sources, reply.attempts);
      return new ApiError("quote.unavailable", `${sentence}. No price of it is known yet.`, {
        headers: { "Retry-After": String(reply.retryAfter) },
        extensions: { sources },
      });
    }
  }
}

/** What a room says, or, where it fails, what it last published to all regions: as old as it is, and checked as such. */
async function queryRoom(
  env: Env,
  record: SymbolRecord,
  { maxAge }: QuoteOptions,
): Promise<QuoteReply | { kind: "fallback"; quote: StoredQuote } | { kind: "silent" }> {
  try {
    const reply = await callRoom<QuoteReply>(env, record.symbol, (room, traceparent) =>
      room.quote(instrumentOf(record), maxAge, traceparent),
    );
    countDecisions(reply);
    return reply;
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
    const quote = (await readCachedQuotes(env.CACHE, [record.symbol])).get(record.symbol);
    if (!quote || !isWithin(quote, record, null, env)) return { kind: "silent" };
    return isWithin(quote, record, maxAge, env) ? { kind: "fallback", quote } : { kind: "too_old", lastKnown: quote };
  }
}
