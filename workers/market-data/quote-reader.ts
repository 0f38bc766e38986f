import { ApiError } from "../../contracts/problem.ts";
import { effectiveSources, marketModeOf } from "../../contracts/provider.ts";
import { type Quote, quoteAt, type StoredQuote } from "../../contracts/quote.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import { openMarketAge } from "../../core/freshness.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import type { QuoteReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { readCachedQuotes } from "../../storage/quote-cache.ts";
import type { Tier } from "../http/responses.ts";
import { callRoom, countDecisions, RoomFailure } from "../rooms/call-room.ts";
import { sourcesSilence } from "../rooms/unavailable-sources.ts";

/** How old a quote a caller accepts. */
export interface QuoteTerms {
  /** The most open-market seconds since the price was true; null for the platform's own limits. */
  maxAge: number | null;
  /** Go past all caches, to the room. */
  noCache: boolean;
}

/** A quote and the tier that had it. */
export interface QuoteReading {
  quote: Quote;
  tier: Tier;
}

/** A quote that this isolate has answered with, and whether the room itself gave it, as what it answers now. */
interface RecentQuote {
  quote: StoredQuote;
  isFromRoom: boolean;
}

/** Quotes of the last second. Who asked for them does not matter: each reader judges them by its own terms. */
const recent = new MemoryCache<RecentQuote>(1_000, 5_000, 250);

/** A caller that names no limit gets from KV only what was received this recently (open-market seconds). */
const KV_ACCEPTED_FOR = 5;

/** Seconds after which a caller whose limit could not be met may ask again. */
const RETRY_AFTER = "5";

function checked(quote: StoredQuote, record: SymbolRecord): Quote {
  return quoteAt(quote, freshnessPolicyOf(quote.provider), marketOf(record.primary_exchange), Date.now() / 1000);
}

/**
 * Whether a cached quote comes from where the symbol's quotes come from now, and is as recent as this caller asks. A caller that names
 * no limit takes what the room answers now, or what was received a moment ago.
 */
function acceptable(
  { quote, isFromRoom }: RecentQuote,
  record: SymbolRecord,
  { maxAge }: QuoteTerms,
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
  if (received > now + KV_ACCEPTED_FOR) return false;
  return openMarketAge(market, received, now, KV_ACCEPTED_FOR + 1) <= KV_ACCEPTED_FOR;
}

/** Forgets the quotes of a symbol in this isolate, after its data has changed. */
export function forgetQuotes(): void {
  recent.clear();
}

/** By canonical symbol, the reading or the problem. */
type Readings = Map<string, QuoteReading | ApiError>;

/**
 * Reads quotes of active symbols, each from the nearest tier that has it recent enough: this isolate's memory (at once), KV, the
 * symbol's room, its provider. One symbol's failure is its own.
 */
export function readQuotes(
  env: Env,
  records: readonly SymbolRecord[],
  terms: QuoteTerms,
): Readings | Promise<Readings> {
  const readings: Readings = new Map();
  const missing = terms.noCache ? records : readMemory(env, records, terms, readings);
  return missing.length === 0 ? readings : readBeyondMemory(env, missing, terms, readings);
}

/** Answers what this isolate's memory can answer; returns the records that it cannot. */
function readMemory(
  env: Env,
  records: readonly SymbolRecord[],
  terms: QuoteTerms,
  readings: Readings,
): readonly SymbolRecord[] {
  return records.filter((record) => {
    const entry = recent.get(record.symbol);
    if (!entry || !acceptable(entry, record, terms, env)) return true;
    readings.set(record.symbol, { quote: checked(entry.quote, record), tier: "memory" });
    return false;
  });
}

async function readBeyondMemory(
  env: Env,
  records: readonly SymbolRecord[],
  terms: QuoteTerms,
  readings: Readings,
): Promise<Readings> {
  const missing = terms.noCache ? records : await readKv(env, records, terms, readings);
  await Promise.all(missing.map(async (record) => readings.set(record.symbol, await readRoom(env, record, terms))));
  return readings;
}

/** Answers what KV can answer; returns the records that it cannot. */
async function readKv(
  env: Env,
  records: readonly SymbolRecord[],
  terms: QuoteTerms,
  readings: Readings,
): Promise<readonly SymbolRecord[]> {
  const cached = await readCachedQuotes(
    env.CACHE,
    records.map((record) => record.symbol),
  );
  return records.filter((record) => {
    const quote = cached.get(record.symbol);
    if (!quote || !acceptable({ quote, isFromRoom: false }, record, terms, env)) return true;
    recent.set(record.symbol, { quote, isFromRoom: false });
    readings.set(record.symbol, { quote: checked(quote, record), tier: "kv" });
    return false;
  });
}

async function readRoom(env: Env, record: SymbolRecord, terms: QuoteTerms): Promise<QuoteReading | ApiError> {
  const reply = await replyOfRoom(env, record, terms);
  switch (reply.kind) {
    case "quote":
      recent.set(record.symbol, { quote: reply.quote, isFromRoom: true });
      return { quote: checked(reply.quote, record), tier: reply.tier };
    case "fallback":
      return { quote: checked(reply.quote, record), tier: "kv" };
    case "silent":
      return new ApiError(
        "quote.unavailable",
        `The room of ${record.symbol} does not answer, and nothing is known of its price here.`,
        { headers: { "Retry-After": RETRY_AFTER } },
      );
    case "too_old":
      return new ApiError(
        "quote.too_old",
        `No price of ${record.symbol} was true within the last ${terms.maxAge} seconds of open market. The last known one is in last_known.`,
        { headers: { "Retry-After": RETRY_AFTER }, extensions: { last_known: checked(reply.lastKnown, record) } },
      );
    case "unavailable": {
      const { sentence, sources } = sourcesSilence(record, reply.sources, reply.attempts);
      return new ApiError("quote.unavailable", `${sentence}. No price of it is known yet.`, {
        headers: { "Retry-After": String(reply.retryAfter) },
        extensions: { sources },
      });
    }
  }
}

/** What a room says, or, where it fails, what it last published to all regions: as old as it is, and checked as such. */
async function replyOfRoom(
  env: Env,
  record: SymbolRecord,
  { maxAge }: QuoteTerms,
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
