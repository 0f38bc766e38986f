import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, vi } from "vitest";
import { PROVIDERS, type ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { candlesFrom } from "../../core/candles.ts";
import { INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { DAY, isoTime } from "../../core/time.ts";
import type { ProviderGate } from "../../durable-objects/provider-gate/provider-gate.ts";
import {
  type CandleRequest,
  type CompanyProfile,
  type Failure,
  failure,
  type Listing,
  type Provider,
} from "../../providers/provider.ts";
import { injectProvider } from "./bindings.ts";

/** What an upstream reports a price: the price alone, or more of the quote. */
type Reply = number | Partial<ProviderQuote> | Failure;

/** One row of the candles that an upstream has. */
export interface Row {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** An upstream that lives in the test: what it says is the test's to say, and what it was asked is the test's to read. */
export interface LiveUpstream {
  name: ProviderName;
  /** The symbols of each call for quotes. */
  quoteCalls: string[][];
  candleCalls: CandleRequest[];
  /** What it says of a symbol now. */
  quote: (listing: Listing, now: number) => Reply;
  /** Its whole history; what is asked of it is cut out, unless it fails. */
  history: (interval: Interval, now: number) => Row[] | Failure;
  adjustment: "raw" | "split";
  profile: CompanyProfile | Failure;
  /** Candles that one request is answered with at most. */
  maxRows: number;
  /** Seconds that a call takes. */
  delaySeconds: number;
}

const UNKNOWN = { change: null, change_percent: null, open: null, high: null, low: null, previous_close: null };

function quoteFrom(name: ProviderName, { instrument }: Listing, known: number | Partial<ProviderQuote>, now: number) {
  const { symbol, currency, price_unit, volume_unit, primary_exchange } = instrument;
  const quote: ProviderQuote = {
    ...{ symbol, price: null, ...UNKNOWN, volume: null, market_cap: null, bid: null, ask: null },
    ...{ window: "24h", currency, price_unit, volume_unit, exchange: primary_exchange, price_basis: "exchange" },
    ...{ timestamp: isoTime(now), received_at: isoTime(now), provider: name, simulated: false },
    ...(typeof known === "number" ? { price: known } : known),
  };
  return quote;
}

const isAnswer = (known: Reply): known is number | Partial<ProviderQuote> =>
  typeof known === "number" || !("kind" in known);

function providerOf(upstream: LiveUpstream): Provider {
  const { name } = upstream;
  const callUpstream = async (context: Parameters<Provider["quotes"]>[1]): Promise<void> => {
    await context.fetch(new Request("https://upstream.example/"));
    if (upstream.delaySeconds > 0) await scheduler.wait(upstream.delaySeconds * 1000);
  };
  return {
    name,
    capabilities: {
      assetTypes: ["crypto", "stock", "forex"],
      intervals: {},
      batchSize: 100,
      delay: 0,
      budget: { perSecond: null, perMinute: null, perDay: null },
    },
    async quotes(listings, context) {
      upstream.quoteCalls.push(listings.map(({ instrument }) => instrument.symbol));
      await callUpstream(context);
      const now = context.now();
      return new Map(
        listings.map((listing) => {
          const known = upstream.quote(listing, now);
          return [listing.instrument.symbol, isAnswer(known) ? quoteFrom(name, listing, known, now) : known] as const;
        }),
      );
    },
    async candles(request, context) {
      upstream.candleCalls.push(request);
      const history = upstream.history(request.interval, context.now());
      await callUpstream(context);
      if (!Array.isArray(history)) return history;
      const within = history.filter(({ time }) => time >= request.from && time < request.to);
      const rows = within.slice(0, upstream.maxRows);
      const candles = candlesFrom(rows.map((row) => ({ ...row, revision: 0, suspect: false })));
      const { interval } = request;
      const { adjustment } = upstream;
      const all = { leftOut: [], leftOutCount: 0, upTo: within[upstream.maxRows]?.time ?? request.to };
      return { kind: "candles", candles, ...all, interval, adjustment, construction: "provider" };
    },
    async profile(_, context) {
      await callUpstream(context);
      return upstream.profile;
    },
  };
}

const realNow = Date.now.bind(Date);

/** A clock that runs as ever, from a moment of the test's choice; a gate would wait for ever in a world where it stands still. */
export interface MovableClock {
  /** Lets seconds go by at once. */
  advance: (seconds: number) => void;
}

/** Sets the clock of rooms and gates, until mocks are restored. Nothing leaves the test meanwhile. */
export function startClock(at: string): MovableClock {
  let ahead = Date.parse(at) - realNow();
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + ahead);
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());
  return {
    advance: (seconds) => {
      ahead += seconds * 1000;
    },
  };
}

/** Puts an upstream behind its gate, which forgets all that it has learnt before. */
export async function connectUpstream(name: ProviderName): Promise<LiveUpstream> {
  const upstream: LiveUpstream = {
    ...{ name, quoteCalls: [], candleCalls: [], adjustment: "raw", delaySeconds: 0 },
    maxRows: Number.POSITIVE_INFINITY,
    ...{ profile: failure("unsupported"), quote: () => 100, history: () => [] },
  };
  const stub = env.PROVIDER_GATE.getByName(name);
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("delete from states");
    state.storage.sql.exec("delete from watches");
  });
  await reconnectUpstream(upstream);
  return upstream;
}

/** Evicts an upstream's gate, and puts the upstream behind the new one. */
export async function reconnectUpstream(upstream: LiveUpstream): Promise<void> {
  const stub = env.PROVIDER_GATE.getByName(upstream.name);
  await evictDurableObject(stub);
  await runInDurableObject(stub, (gate: ProviderGate) => {
    injectProvider(gate, providerOf(upstream));
  });
}

/** Makes a provider one that is not configured. */
export async function disable(name: ProviderName, reason: string): Promise<void> {
  const stub = env.PROVIDER_GATE.getByName(name);
  await runInDurableObject(stub, () => undefined);
  await evictDurableObject(stub);
  await runInDurableObject(stub, (gate: ProviderGate) => {
    injectProvider(gate, { disabled: reason });
  });
}

/** The symbols whose rooms are live. */
const live = new Set<string>();

// When a file's tests are over, rooms would go on asking for what is owed, of upstreams that are not there any more.
afterAll(async () => {
  for (const symbol of live) {
    await runInDurableObject(env.SYMBOL_ROOM.getByName(symbol), async (_, { storage }) => {
      storage.sql.exec("delete from fetched");
      await storage.deleteAlarm();
    });
  }
  live.clear();
});

/** Runs a symbol's room in live mode: a room reads its own environment, not its caller's. Lost with an eviction. */
export async function goLive(symbol: string): Promise<void> {
  live.add(symbol);
  await runInDurableObject(env.SYMBOL_ROOM.getByName(symbol), (room) => {
    const own: unknown = Reflect.get(room, "env");
    if (typeof own !== "object" || own === null) throw new Error("a room has no environment");
    Reflect.set(room, "env", { ...own, MARKET_MODE: "live" });
  });
}

/** A crypto instrument that all of its sources list. */
export function liveInstrument(symbol: string, sources: ProviderName[], change: Partial<Instrument> = {}): Instrument {
  return {
    ...{ symbol, type: "crypto", primary_exchange: "BINANCE", currency: "USDT", price_unit: "USDT" },
    ...{ price_decimals: 2, volume_unit: "base", data_sources: sources, is_active: true, listed_on: null },
    provider_symbols: Object.fromEntries(PROVIDERS.map((name) => [name, symbol])),
    last_updated: "2026-11-01T00:00:00.000Z",
    ...change,
  };
}

/** 5 January 1970. */
const FIRST_MONDAY = 4 * DAY;

/** A calm history that ends with the candle that forms at `now`: each candle's price says its index. */
export function calmHistory(interval: Interval, from: number, now: number, price = 1000): Row[] {
  const seconds = INTRADAY_SECONDS[interval] ?? (interval === "1w" ? 7 * DAY : DAY);
  const rows: Row[] = [];
  const first = interval === "1w" ? FIRST_MONDAY : 0;
  for (let time = first + Math.ceil((from - first) / seconds) * seconds; time <= now; time += seconds) {
    const wave = Math.sin(time / seconds);
    rows.push({ time, open: price + wave, high: price + 3, low: price - 3, close: price - wave, volume: 10 });
  }
  return rows;
}
