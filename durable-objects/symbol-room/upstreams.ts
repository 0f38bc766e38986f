import type { ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { currentTraceparent } from "../../observability/span.ts";
import {
  type CandleRequest,
  type Failure,
  failure,
  type Listing,
  type ProviderCandles,
} from "../../providers/provider.ts";
import type { WatchReply } from "../provider-gate/provider-gate.ts";
import { isTransportError } from "../rpc/transport-errors.ts";

/** For whom a provider is asked: a client who waits, or a refresh that may wait. */
export type Priority = "user" | "background";

/** A provider as a room sees it. */
export interface Upstream {
  quote(listing: Listing, priority: Priority): Promise<ProviderQuote | Failure>;
  candles(request: CandleRequest, priority: Priority): Promise<ProviderCandles | Failure>;
  /** Begins or renews the polling of a symbol; what is polled arrives by the room's `ingest`. */
  watch(listing: Listing): Promise<WatchReply>;
  unwatch(symbol: string): Promise<void>;
}

/** The gate of each provider. */
export type Upstreams = (provider: ProviderName) => Upstream;

/** What a provider calls an instrument; null where it does not list it. */
export function listingOf(instrument: Instrument, provider: ProviderName): Listing | null {
  const providerSymbol = instrument.provider_symbols[provider];
  return providerSymbol === undefined ? null : { instrument, providerSymbol };
}

/** A gate that is out of reach is an upstream that cannot be reached. What its code throws is a bug, and thrown on. */
async function orUnreachable<T>(call: () => Promise<T>): Promise<T | Failure> {
  try {
    return await call();
  } catch (error) {
    if (isTransportError(error)) return failure("unreachable");
    throw error;
  }
}

/** The gates of the platform. A stub is broken after an exception, so each call takes a new one. */
export function openUpstreams(env: Env): Upstreams {
  return (provider) => {
    const stub = () => env.PROVIDER_GATE.getByName(provider);
    return {
      quote: (listing, priority) =>
        orUnreachable(async () => {
          const quotes: Map<string, ProviderQuote | Failure> = await stub().quotes(
            [listing],
            priority,
            currentTraceparent(),
          );
          return quotes.get(listing.instrument.symbol) ?? failure("bad_answer");
        }),
      candles: (request, priority) =>
        orUnreachable<ProviderCandles | Failure>(() => stub().candles(request, priority, currentTraceparent())),
      watch: (listing) => orUnreachable<WatchReply>(() => stub().watch(listing)),
      unwatch: async (symbol) => {
        // A lease that cannot be ended ends by itself.
        await orUnreachable<void>(() => stub().unwatch(symbol));
      },
    };
  };
}
