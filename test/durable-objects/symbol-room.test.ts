import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { candleAt, candlesFrom } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import type { CandlesReply, QuoteReply, SymbolRoom } from "../../durable-objects/symbol-room/symbol-room.ts";

/** A Wednesday. */
const NOW = Date.parse("2026-11-18T15:30:20.250Z");

beforeEach(() => {
  vi.setSystemTime(NOW);
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);
const at = (text: string): number => Date.parse(text) / 1000;

function instrument(symbol: string, change: Partial<Instrument> = {}): Instrument {
  return {
    symbol,
    type: "crypto",
    primary_exchange: "BINANCE",
    currency: "USDT",
    price_unit: "USDT",
    price_decimals: 2,
    volume_unit: "base",
    data_sources: ["binance"],
    provider_symbols: {},
    is_active: true,
    listed_on: null,
    last_updated: "2026-11-01T00:00:00.000Z",
    ...change,
  };
}

const imported = (symbol: string): Instrument =>
  instrument(symbol, { data_sources: ["import"], last_updated: "2026-11-02T00:00:00.000Z" });

const roomOf = (symbol: string): DurableObjectStub<SymbolRoom> => env.SYMBOL_ROOM.getByName(symbol);

async function quoteOf(of: Instrument, maxAge: number | null = null): Promise<StoredQuote> {
  const reply: QuoteReply = await roomOf(of.symbol).quote(of, maxAge);
  if (reply.kind !== "quote") throw new Error(`no quote but ${reply.kind}`);
  return reply.quote;
}

async function closesOf(of: Instrument, interval: Interval): Promise<(number | null)[]> {
  const query = { interval, from: 0, to: 4e9, limit: 1000, backward: true, includeSuspect: false };
  const reply: CandlesReply = await roomOf(of.symbol).candles(of, query);
  if (reply.kind !== "page") throw new Error(`no page but ${reply.kind}`);
  return Array.from({ length: reply.candles.length }, (_, i) => candleAt(reply.candles, i).close);
}

const candle = (time: string, close: number) => ({
  ...{ time: at(time), open: null, high: null, low: null, close, volume: null, revision: 0, suspect: false },
});

const batch = (interval: Interval, ...candles: ReturnType<typeof candle>[]) => ({
  interval,
  adjustment: "raw" as const,
  adjustedAsOf: null,
  importId: "file",
  candles: candlesFrom(candles),
});

const DAYS = [candle("2026-11-15", 10), candle("2026-11-16", 11), candle("2026-11-17", 12)];

describe("eviction", () => {
  test("between quotes loses nothing: the epoch stays and the sequence goes on by one", async () => {
    const of = instrument("EVICT/USDT");
    const seen: StoredQuote[] = [];
    for (let i = 0; i < 6; i++) {
      seen.push(await quoteOf(of));
      if (i % 2 === 1) await evictDurableObject(roomOf(of.symbol));
      pass(1_000);
    }
    expect(new Set(seen.map((quote) => quote.epoch)).size).toBe(1);
    expect(seen.map((quote) => quote.seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("keeps the last quote to the letter", async () => {
    const of = instrument("KEEP/USDT");
    const before = await quoteOf(of);
    await evictDurableObject(roomOf(of.symbol));
    expect(await quoteOf(of)).toEqual(before);
  });

  test("in the middle of an import loses no candle, and what is imported twice is there once", async () => {
    const of = imported("MIDDLE/USDT");
    const room = () => roomOf(of.symbol);
    expect(await room().importCandles(of, batch("1d", DAYS[0], DAYS[1]))).toMatchObject({ stored: 2 });
    await evictDurableObject(room());
    expect(await room().importCandles(of, batch("1d", ...DAYS))).toEqual({
      ...{ stored: 1, replaced: 0, unchanged: 2, suspect: [] },
    });
    const before = await quoteOf(of);
    await evictDurableObject(room());
    expect(await closesOf(of, "1d")).toEqual([10, 11, 12]);
    // Of the week before only its last day is known.
    expect(await closesOf(of, "1w")).toEqual([12]);
    expect(await quoteOf(of)).toEqual(before);
  });

  test("while requests are under way fails none that came before it", async () => {
    const of = instrument("BUSY/USDT");
    const quotes = Promise.all(Array.from({ length: 10 }, () => quoteOf(of)));
    expect(new Set((await quotes).map((quote) => quote.seq))).toEqual(new Set([1]));
    await evictDurableObject(roomOf(of.symbol));
    pass(1_000);
    expect((await quoteOf(of)).seq).toBe(2);
  });

  test("answers candles of the simulator as before", async () => {
    const of = instrument("SIM/USDT");
    const before = await closesOf(of, "1h");
    await evictDurableObject(roomOf(of.symbol));
    expect(await closesOf(of, "1h")).toEqual(before);
    expect(before).toHaveLength(1000);
  });
});

describe("quote", () => {
  test("is asked of the provider once within a second, however many ask", async () => {
    const of = instrument("ONCE/USDT");
    const tiers: string[] = [];
    for (let i = 0; i < 4; i++) {
      const reply: QuoteReply = await roomOf(of.symbol).quote(of, null);
      if (reply.kind === "quote") tiers.push(`${reply.tier} ${reply.quote.seq}`);
      pass(400);
    }
    expect(tiers).toEqual(["provider 1", "room 1", "room 1", "provider 2"]);
  });

  test("is asked again where the kept one is older than the caller accepts", async () => {
    const of = instrument("YOUNG/USDT");
    await quoteOf(of);
    pass(900);
    expect(await quoteOf(of, 1)).toMatchObject({ seq: 2, timestamp: "2026-11-18T15:30:21.000Z" });
  });

  test("that cannot be recent enough says so and returns the last one", async () => {
    const of = instrument("OLD/USDT");
    const reply: QuoteReply = await roomOf(of.symbol).quote(of, 0);
    expect(reply).toMatchObject({ kind: "too_old", lastKnown: { symbol: "OLD/USDT", seq: 1 } });
  });

  test("of a symbol with no source that answers is unavailable, and names the sources", async () => {
    const of = imported("EMPTY/USDT");
    expect(await roomOf(of.symbol).quote(of, null)).toEqual({
      kind: "unavailable",
      sources: ["import"],
      attempts: [expect.objectContaining({ provider: "import", outcome: "not_listed", reason: "no_candles" })],
      retryAfter: 60,
    });
  });

  test("of a caller who does not know of an import yet is the imported one all the same", async () => {
    const stale = instrument("STALE/USDT");
    const fresh = imported("STALE/USDT");
    await quoteOf(stale);
    await roomOf(fresh.symbol).importCandles(fresh, batch("1d", ...DAYS));
    expect(await quoteOf(stale)).toMatchObject({ provider: "import", simulated: false, price: 12 });
    expect(await closesOf(stale, "1d")).toEqual([10, 11, 12]);
  });

  test("follows the symbol's units when the registry corrects them", async () => {
    const of = imported("UNIT/USDT");
    await roomOf(of.symbol).importCandles(of, batch("1d", ...DAYS));
    const before = await quoteOf(of);
    const corrected = { ...of, price_unit: "USDc", last_updated: "2026-11-03T00:00:00.000Z" };
    expect(await quoteOf(corrected)).toMatchObject({ price_unit: "USDc", seq: before.seq + 1 });
  });
});

describe("ingest", () => {
  const known = (symbol: string, change: Partial<ProviderQuote>): ProviderQuote => ({
    ...{ symbol, price: 500, change: null, change_percent: null, open: null, high: null, low: null },
    ...{ previous_close: null, volume: null, market_cap: null, bid: null, ask: null, window: "24h", currency: "USDT" },
    ...{ price_unit: "USDT", volume_unit: "base", exchange: "BINANCE", price_basis: "exchange" },
    ...{ timestamp: "2026-11-18T15:30:19.000Z", received_at: "2026-11-18T15:30:20.000Z" },
    ...{ provider: "simulator", simulated: true },
    ...change,
  });

  test("numbers what is new, in order of arrival, and leaves what says nothing new as it was", async () => {
    const of = instrument("SAY/USDT");
    const room = roomOf(of.symbol);
    const quotes = [
      known(of.symbol, { price: 101 }),
      known(of.symbol, { price: 101, received_at: "2026-11-18T15:30:20.100Z" }),
      known(of.symbol, { price: 102, timestamp: "2026-11-18T15:30:20.000Z" }),
    ];
    expect(await room.ingest(of, quotes)).toMatchObject({ price: 102, seq: 2 });
    expect(await room.ingest(of, [quotes[2]])).toMatchObject({ price: 102, seq: 2 });
  });

  test("takes no quote that is older than the latest, and none of a source that is not the symbol's", async () => {
    const of = instrument("LATE/USDT");
    const room = roomOf(of.symbol);
    await room.ingest(of, [known(of.symbol, { price: 102 })]);
    const late = known(of.symbol, { price: 101, timestamp: "2026-11-18T15:30:18.000Z" });
    const foreign = known(of.symbol, { price: 109, provider: "coingecko", simulated: false });
    expect(await room.ingest(of, [late, foreign])).toMatchObject({ price: 102, seq: 1 });
  });

  test("survives an eviction", async () => {
    const of = instrument("SURVIVE/USDT");
    const before = await roomOf(of.symbol).ingest(of, [known(of.symbol, { price: 103 })]);
    await evictDurableObject(roomOf(of.symbol));
    const later = known(of.symbol, { price: 104, timestamp: "2026-11-18T15:30:20.000Z" });
    const after = await roomOf(of.symbol).ingest(of, [later]);
    expect(after).toMatchObject({ price: 104, seq: 2, epoch: before?.epoch });
  });
});

describe("a registry row", () => {
  test("that is older than the one a room knows does not replace it", async () => {
    const fresh = imported("ROW/USDT");
    const room = roomOf(fresh.symbol);
    await room.keepInstrument(fresh);
    await evictDurableObject(room);
    await roomOf(fresh.symbol).keepInstrument(instrument("ROW/USDT"));
    const reply: CandlesReply = await roomOf(fresh.symbol).candles(instrument("ROW/USDT"), {
      ...{ interval: "1d", from: 0, to: 4e9, limit: 10, backward: true, includeSuspect: false },
    });
    expect(reply).toMatchObject({ kind: "page", facts: { provider: "import", simulated: false } });
  });
});
