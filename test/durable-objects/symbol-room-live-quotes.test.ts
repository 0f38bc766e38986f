import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProviderName } from "../../contracts/provider.ts";
import type { StoredQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { candlesFrom } from "../../core/candles.ts";
import { isoTime } from "../../core/time.ts";
import type { SourcePrice } from "../../durable-objects/symbol-room/quotes/source-prices.ts";
import type { QuoteReply, SymbolRoom, Trace } from "../../durable-objects/symbol-room/symbol-room.ts";
import { failure } from "../../providers/provider.ts";
import {
  connectUpstream,
  goLive,
  type LiveUpstream,
  liveInstrument,
  type MovableClock,
  reconnectUpstream,
  startClock,
} from "./live-upstream.ts";

/** A Wednesday. */
const NOW = "2026-11-18T15:30:20.250Z";

const UNKNOWN_REST = { open: null, high: null, low: null, volume: null, revision: 0, suspect: false };

let binance: LiveUpstream;
let coingecko: LiveUpstream;
let clock: MovableClock;

beforeEach(async () => {
  clock = startClock(NOW);
  binance = await connectUpstream("binance");
  coingecko = await connectUpstream("coingecko");
});

afterEach(() => {
  vi.restoreAllMocks();
});

const pass = (seconds: number) => clock.advance(seconds);
const roomOf = (symbol: string): DurableObjectStub<SymbolRoom> => env.SYMBOL_ROOM.getByName(symbol);

/** A symbol of its own for each test, whose room is live. */
async function listed(
  symbol: string,
  sources: ProviderName[] = ["binance", "coingecko"],
  change: Partial<Instrument> = {},
): Promise<Instrument> {
  await goLive(symbol);
  return liveInstrument(symbol, sources, change);
}

const ask = (of: Instrument, maxAge: number | null = null): Promise<QuoteReply> =>
  roomOf(of.symbol).quote(of, maxAge) as Promise<QuoteReply>;

async function quoteOf(of: Instrument, maxAge: number | null = null): Promise<StoredQuote> {
  const reply = await ask(of, maxAge);
  if (reply.kind !== "quote") throw new Error(`no quote but ${reply.kind}`);
  return reply.quote;
}

async function attemptsOf(of: Instrument): Promise<(string | null)[][]> {
  const trace: Trace = await roomOf(of.symbol).quoteTrace(of);
  return trace.attempts.map(({ provider, outcome, reason }) => [provider, outcome, reason]);
}

describe("the sources of a symbol", () => {
  test("are asked in order, and no further than the first that answers", async () => {
    const of = await listed("ORDER/USDT");
    expect(await quoteOf(of)).toMatchObject({ provider: "binance", price: 100, simulated: false, seq: 1 });
    expect(coingecko.quoteCalls).toEqual([]);
    expect(await attemptsOf(of)).toEqual([["binance", "answered", null]]);
  });

  test("move on after a failure, which the trace names", async () => {
    const of = await listed("FAIL/USDT");
    binance.quote = () => failure("bad_answer");
    expect(await quoteOf(of)).toMatchObject({ provider: "coingecko", price: 100 });
    expect(await attemptsOf(of)).toEqual([
      ["binance", "failed", "bad_answer"],
      ["coingecko", "answered", null],
    ]);
  });

  test("move on after a price that is stale, or that is none", async () => {
    const of = await listed("STALE/USDT");
    binance.quote = (_, now) => ({ price: 90, timestamp: isoTime(now - 120) });
    expect(await quoteOf(of)).toMatchObject({ provider: "coingecko", price: 100 });
    const silent = await listed("SILENT/USDT");
    binance.quote = () => ({ price: null });
    expect(await quoteOf(silent)).toMatchObject({ provider: "coingecko", price: 100 });
    expect(await attemptsOf(of)).toEqual([
      ["binance", "stale", null],
      ["coingecko", "answered", null],
    ]);
    expect((await attemptsOf(silent))[0]).toEqual(["binance", "failed", "no_price"]);
  });

  test("are passed over where they do not list the symbol", async () => {
    const of = await listed("UNLISTED/USDT", ["binance", "coingecko"], { provider_symbols: { coingecko: "unlisted" } });
    expect(await quoteOf(of)).toMatchObject({ provider: "coingecko" });
    expect(binance.quoteCalls).toEqual([]);
    expect((await attemptsOf(of))[0]).toEqual(["binance", "not_listed", "no_provider_symbol"]);
  });

  test("move on after a suspicious price", async () => {
    const of = await listed("SUSPECT/USDT");
    await quoteOf(of);
    pass(6);
    binance.quote = () => 10_000;
    expect(await quoteOf(of)).toMatchObject({ provider: "coingecko", price: 100, seq: 2 });
    expect((await attemptsOf(of))[0]).toEqual(["binance", "suspicious", "unit"]);
  });

  test("return the newest of what is stale where nothing is fresh", async () => {
    const of = await listed("OLDEST/USDT");
    binance.quote = (_, now) => ({ price: 100, timestamp: isoTime(now - 120) });
    coingecko.quote = (_, now) => ({ price: 101, timestamp: isoTime(now - 1200) });
    expect(await quoteOf(of)).toMatchObject({ provider: "binance", price: 100 });
  });

  test("never turn to the simulator", async () => {
    const of = await listed("REAL/USDT");
    for (const upstream of [binance, coingecko]) upstream.quote = () => failure("bad_answer");
    expect(await ask(of)).toMatchObject({
      ...{ kind: "unavailable", sources: ["binance", "coingecko"], retryAfter: 5 },
      attempts: [{ reason: "bad_answer" }, { reason: "bad_answer" }],
    });
  });
});

describe("when every source fails", () => {
  test("the last known price is returned for a day of open market, and no longer", async () => {
    const of = await listed("KNOWN/USDT");
    const known = await quoteOf(of);
    for (const upstream of [binance, coingecko]) upstream.quote = () => failure("bad_answer");
    pass(86_000);
    expect(await quoteOf(of)).toEqual(known);
    pass(1_000);
    expect(await ask(of)).toMatchObject({ kind: "unavailable" });
  });

  test("the pause that an upstream asks for is the caller's", async () => {
    const of = await listed("PAUSE/USDT", ["binance"]);
    binance.quote = () => failure("throttled", 17);
    expect(await ask(of)).toMatchObject({ kind: "unavailable", retryAfter: 17 });
  });

  test("a bound of age that cannot be kept returns the last known price with the refusal", async () => {
    const of = await listed("BOUND/USDT");
    await quoteOf(of);
    for (const upstream of [binance, coingecko]) upstream.quote = () => failure("bad_answer");
    pass(90);
    expect(await ask(of, 60)).toMatchObject({ kind: "too_old", lastKnown: { price: 100, seq: 1 } });
  });
});

describe("a price that is a hundred times off", () => {
  test("does not replace the good one while nothing confirms it, even across an eviction", async () => {
    const of = await listed("GLITCH/USDT", ["binance"]);
    for (let i = 0; i < 6; i++) {
      await quoteOf(of);
      pass(6);
    }
    binance.quote = () => 10_000;
    for (let i = 0; i < 3; i++) {
      expect(await quoteOf(of)).toMatchObject({ price: 100, seq: 6 });
      pass(6);
    }
    await evictDurableObject(roomOf(of.symbol));
    await goLive(of.symbol);
    expect(await quoteOf(of)).toMatchObject({ price: 100 });
    binance.quote = () => 101;
    pass(6);
    expect(await quoteOf(of)).toMatchObject({ price: 101, seq: 7 });
  });

  test("is believed once a second source says so", async () => {
    const of = await listed("SPLIT/USDT");
    await quoteOf(of);
    pass(6);
    binance.quote = () => 10_000;
    coingecko.quote = () => 10_010;
    expect(await quoteOf(of)).toMatchObject({ price: 10_010, provider: "coingecko" });
  });

  test("stays doubted where the room is evicted before its confirmation, which a day later is enough", async () => {
    const of = await listed("DAYS/USDT", ["binance"]);
    for (let i = 0; i < 6; i++) {
      await quoteOf(of);
      pass(6);
    }
    binance.quote = () => 10_000;
    expect(await quoteOf(of)).toMatchObject({ price: 100 });
    await evictDurableObject(roomOf(of.symbol));
    await goLive(of.symbol);
    pass(86_500);
    expect(await quoteOf(of)).toMatchObject({ price: 10_000 });
  });
});

describe("time", () => {
  test("does not run backwards when another source answers", async () => {
    const of = await listed("BACK/USDT");
    await quoteOf(of);
    pass(6);
    binance.quote = () => failure("bad_answer");
    coingecko.quote = (_, now) => ({ price: 99, timestamp: isoTime(now - 30) });
    expect(await quoteOf(of)).toMatchObject({ price: 100, provider: "binance", seq: 1 });
    pass(40);
    expect(await quoteOf(of)).toMatchObject({ price: 99, provider: "coingecko", seq: 2 });
  });
});

describe("the upstream", () => {
  test("is not asked within its pace, unless the caller wants a younger price", async () => {
    const of = await listed("PACE/USDT", ["coingecko"]);
    const first = await quoteOf(of);
    pass(20);
    expect(await quoteOf(of)).toEqual(first);
    expect(coingecko.quoteCalls).toHaveLength(1);
    expect(await quoteOf(of, 10)).toMatchObject({ seq: 2 });
    expect(coingecko.quoteCalls).toHaveLength(2);
    pass(31);
    await quoteOf(of);
    expect(coingecko.quoteCalls).toHaveLength(3);
  });

  test("gets one call for all who ask a room at once", async () => {
    const of = await listed("HERD/USDT");
    binance.delaySeconds = 0.2;
    const quotes = await Promise.all(Array.from({ length: 50 }, () => quoteOf(of)));
    expect(new Set(quotes.map(({ seq }) => seq))).toEqual(new Set([1]));
    expect(binance.quoteCalls).toEqual([["HERD/USDT"]]);
  });

  test("gets one call for the rooms that ask at once", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, (_, i) => listed(`M${i}/USDT`)));
    await Promise.all(all.map((of) => quoteOf(of)));
    expect(binance.quoteCalls.flat().toSorted()).toEqual(all.map(({ symbol }) => symbol));
    expect(binance.quoteCalls.length).toBeLessThanOrEqual(2);
  });
});

describe("imports beside live sources", () => {
  const importInto = async (of: Instrument) => {
    const candles = candlesFrom([
      { time: Date.parse("2026-11-16") / 1000, close: 42, ...UNKNOWN_REST },
      { time: Date.parse("2026-11-17") / 1000, close: 43, ...UNKNOWN_REST },
    ]);
    const batch = { interval: "1d", adjustment: "raw", adjustedAsOf: null, importId: "a", candles } as const;
    await roomOf(of.symbol).importCandles(of, batch);
  };

  test.each<[string, ProviderName[]]>([
    ["first", ["import", "binance", "coingecko"]],
    ["in the middle", ["binance", "import", "coingecko"]],
    ["last", ["binance", "coingecko", "import"]],
  ])("are no price while any of them answers, where they stand %s", async (where, sources) => {
    const of = await listed(`BESIDE-${where.replaceAll(" ", "-").toUpperCase()}/USDT`, sources);
    await importInto(of);
    expect(await quoteOf(of)).toMatchObject({ provider: "binance", price: 100 });
    binance.quote = () => failure("throttled", 30);
    coingecko.quote = () => 101;
    pass(60);
    expect(await quoteOf(of)).toMatchObject({ provider: "coingecko", price: 101 });
    coingecko.quote = () => failure("bad_answer");
    pass(60);
    // The last known price of a live source is worth more than an imported one.
    expect(await quoteOf(of)).toMatchObject({ provider: "coingecko", price: 101 });
  });

  test("are the last resort where none of them has ever answered, until one does", async () => {
    const of = await listed("RESORT/USDT", ["import", "binance"]);
    await importInto(of);
    binance.quote = () => failure("bad_answer");
    expect(await quoteOf(of)).toMatchObject({ provider: "import", price: 43, seq: 1 });
    pass(5);
    expect(await quoteOf(of)).toMatchObject({ provider: "import", price: 43, seq: 1 });
    binance.quote = () => 99;
    pass(60);
    expect(await quoteOf(of)).toMatchObject({ provider: "binance", price: 99, seq: 2 });
  });

  test("that come later keep the price of a live source, and its number", async () => {
    const of = await listed("LATER/USDT", ["import", "binance"]);
    expect(await quoteOf(of)).toMatchObject({ provider: "binance", seq: 1 });
    await importInto(of);
    expect(await quoteOf(of)).toMatchObject({ provider: "binance", seq: 1 });
  });

  test("are not polled, and the live ones are while a client is subscribed", async () => {
    const of = await listed("POLLED/USDT", ["import", "binance"]);
    await importInto(of);
    const said: SourcePrice[] = await roomOf(of.symbol).everySource(of);
    expect(said.map(({ provider, quote }) => [provider, quote?.price])).toEqual([
      ["binance", 100],
      ["import", 43],
    ]);
    await roomOf(of.symbol).renewLease(of, "hub-1", { quotes: true, candles: [], indicators: [] });
    const deadlines = await runInDurableObject(roomOf(of.symbol), (_, state) =>
      state.storage.sql.exec<{ name: string }>("select name from deadlines").toArray(),
    );
    expect(deadlines.map(({ name }) => name)).toContain('{"kind":"renew-polling"}');
  });
});

test("each source says what it thinks, and why it says nothing", async () => {
  const of = await listed("EACH/USDT", ["binance", "coingecko", "jse"]);
  const jse = await connectUpstream("jse");
  jse.quote = () => failure("unknown_symbol");
  coingecko.quote = () => 101;
  const said: SourcePrice[] = await roomOf(of.symbol).everySource(of);
  expect(said.map(({ provider, quote, reason }) => [provider, quote?.price ?? null, reason])).toEqual([
    ["binance", 100, null],
    ["coingecko", 101, null],
    ["jse", null, "unknown_symbol"],
  ]);
});

describe("eviction", () => {
  test("of room and gate between quotes loses nothing", async () => {
    const of = await listed("EVICTED/USDT");
    const before = await quoteOf(of);
    await evictDurableObject(roomOf(of.symbol));
    await goLive(of.symbol);
    await reconnectUpstream(binance);
    pass(6);
    binance.quote = () => 100.5;
    expect(await quoteOf(of)).toMatchObject({ epoch: before.epoch, seq: 2, price: 100.5 });
  });

  test("of the gate in the middle of a call is one source's failure, not the caller's", async () => {
    const of = await listed("CUT/USDT");
    binance.delaySeconds = 0.5;
    const asked = quoteOf(of);
    await scheduler.wait(100);
    await evictDurableObject(env.PROVIDER_GATE.getByName("binance"));
    expect(["binance", "coingecko"]).toContain((await asked).provider);
  });
});
