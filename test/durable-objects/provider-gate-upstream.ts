import type { EndpointGroup, ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { emptyCandles } from "../../core/candles.ts";
import { NEW_BREAKER } from "../../core/scheduling/circuit-breaker.ts";
import type { Spent } from "../../core/scheduling/token-bucket.ts";
import { NO_SPEND } from "../../core/scheduling/token-bucket.ts";
import { isoTime } from "../../core/time.ts";
import type { Cooldowns } from "../../durable-objects/provider-gate/cooldowns.ts";
import type { GateMemory, GroupRecord } from "../../durable-objects/provider-gate/gate-memory.ts";
import {
  type Budget,
  CallRefused,
  type Failure,
  failure,
  type Listing,
  type Provider,
} from "../../providers/provider.ts";

/** What the pretended upstream does with a request; it may take its time. */
export type Behaviour = (symbols: readonly string[], call: number) => Promise<Failure | null> | Failure | null;

/** A provider whose upstream lives in the test, and the calls that reached it. */
export interface FakeProvider {
  provider: Provider;
  /** The symbols of each call that reached the upstream. */
  calls: string[][];
  /** When each of them came, unix seconds. */
  times: number[];
  behave: (behaviour: Behaviour) => void;
}

const UNLIMITED: Budget = { perSecond: null, perMinute: null, perDay: null };

interface FakeProviderOptions {
  name?: ProviderName;
  batchSize?: number;
  budget?: Partial<Budget>;
}

/** A listing of crypto, or of a share where the symbol names an exchange. */
export function listingOf(symbol: string): Listing {
  const share = symbol.startsWith("JSE:");
  const instrument: Instrument = {
    symbol,
    type: share ? "stock" : "crypto",
    primary_exchange: share ? "JSE" : "BINANCE",
    currency: share ? "ZAR" : "USDT",
    price_unit: share ? "ZAc" : "USDT",
    price_decimals: 2,
    volume_unit: "base",
    data_sources: ["binance"],
    provider_symbols: {},
    is_active: true,
    listed_on: null,
    last_updated: "2026-11-01T00:00:00.000Z",
  };
  return { instrument, providerSymbol: symbol };
}

/** Listings of `count` crypto symbols. */
export const listings = (count: number, prefix = "S"): Listing[] =>
  Array.from({ length: count }, (_, i) => listingOf(`${prefix}${i}/USDT`));

function quoteOf({ instrument }: Listing, name: ProviderName, now: number): ProviderQuote {
  return {
    symbol: instrument.symbol,
    price: 100,
    change: null,
    change_percent: null,
    open: null,
    high: null,
    low: null,
    previous_close: null,
    volume: null,
    market_cap: null,
    bid: null,
    ask: null,
    window: "24h",
    currency: instrument.currency,
    price_unit: instrument.price_unit,
    volume_unit: instrument.volume_unit,
    exchange: instrument.primary_exchange,
    price_basis: "exchange",
    timestamp: isoTime(now),
    received_at: isoTime(now),
    provider: name,
    simulated: false,
  };
}

/** A provider of the port whose requests never leave the test. */
export function createFakeProvider({
  name = "binance",
  batchSize = 20,
  budget = {},
}: FakeProviderOptions = {}): FakeProvider {
  let behaviour: Behaviour = () => null;
  const calls: string[][] = [];
  const times: number[] = [];
  const callUpstream = async (symbols: readonly string[], context: Parameters<Provider["quotes"]>[1]) => {
    try {
      await context.fetch(new Request("https://upstream.example/"));
    } catch (error) {
      if (error instanceof CallRefused) return error.failure;
      throw error;
    }
    calls.push([...symbols]);
    times.push(context.now());
    return behaviour(symbols, calls.length);
  };
  const provider: Provider = {
    name,
    capabilities: {
      assetTypes: ["crypto"],
      intervals: { crypto: ["1m"] },
      batchSize,
      delay: 0,
      budget: { ...UNLIMITED, ...budget },
    },
    async quotes(asked, context) {
      const failed = await callUpstream(
        asked.map(({ instrument }) => instrument.symbol),
        context,
      );
      return new Map(
        asked.map((listing) => [listing.instrument.symbol, failed ?? quoteOf(listing, name, context.now())]),
      );
    },
    async candles({ listing, interval, to }, context) {
      const failed = await callUpstream([listing.instrument.symbol], context);
      if (failed) return failed;
      return {
        kind: "candles",
        candles: emptyCandles(1),
        leftOut: [],
        leftOutCount: 0,
        upTo: to,
        interval,
        adjustment: "raw",
        construction: "provider",
      };
    },
    async search(text, context) {
      return (await callUpstream([text], context)) ?? [];
    },
  };
  return {
    provider,
    calls,
    times,
    behave: (next) => {
      behaviour = next;
    },
  };
}

/** An upstream that fails for this reason, always. */
export const failing =
  (reason: Failure["reason"], retryAfter: number | null = null): Behaviour =>
  () =>
    failure(reason, retryAfter);

/** A gate's memory without a database. */
export function inMemoryGateMemory(): GateMemory {
  let spent: Spent = NO_SPEND;
  let blocks: Cooldowns = {};
  const families = new Map<EndpointGroup, GroupRecord>();
  return {
    get spent() {
      return spent;
    },
    get cooldowns() {
      return blocks;
    },
    group: (family) => families.get(family) ?? { breaker: NEW_BREAKER, lastSuccessAt: null, lastFailure: null },
    saveSpent: (next) => {
      spent = next;
    },
    saveCooldowns: (next) => {
      blocks = next;
    },
    saveGroup: (family, record) => {
      families.set(family, record);
    },
  };
}
