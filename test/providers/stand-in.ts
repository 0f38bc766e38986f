import { type Instrument, instrumentOf } from "../../contracts/symbol.ts";
import type { CandleColumns } from "../../core/candles.ts";
import { candleAt } from "../../core/candles.ts";
import { isoTime } from "../../core/time.ts";
import type { CallContext, Listing } from "../../providers/provider.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";

/** Unix seconds of an ISO time. */
export const unixTime = (time: string): number => Date.parse(time) / 1000;

/** An answer of status 200, as it stands. */
export const textResponse = (text: string): Response =>
  new Response(text, { headers: { "content-type": "application/json" } });

/** An answer of status 200. */
export const jsonResponse = (body: unknown): Response => textResponse(JSON.stringify(body));

/** A world in which an upstream answers as it is set to, and every request to it is kept. */
export interface FakeContext extends CallContext {
  urls: URL[];
  requests: Request[];
}

/** @param reply what the upstream answers to each request; text stands for a 200 */
export function createContext(
  reply: (url: URL, call: number) => Response | string | Promise<Response>,
  { now = unixTime("2026-11-20T15:00:00Z"), signal = new AbortController().signal } = {},
): FakeContext {
  const urls: URL[] = [];
  const requests: Request[] = [];
  return {
    urls,
    requests,
    now: () => now,
    signal,
    async fetch(request) {
      const url = new URL(request.url);
      urls.push(url);
      requests.push(request);
      const answer = await reply(url, urls.length - 1);
      return typeof answer === "string" ? textResponse(answer) : answer;
    },
  };
}

/** A symbol of the registry and what an upstream calls it. */
export function listing(symbol: string, providerSymbol: string): Listing {
  const record = REFERENCE_SYMBOLS.find((candidate) => candidate.symbol === symbol);
  if (!record) throw new Error(`${symbol} is not in the registry`);
  return { instrument: instrumentOf(record), providerSymbol };
}

/** A symbol that the registry lacks. */
export function inventListing(symbol: string, providerSymbol: string, like: string): Listing {
  const instrument: Instrument = { ...listing(like, providerSymbol).instrument, symbol };
  return { instrument, providerSymbol };
}

/** Candles as `[time, open, high, low, close, volume]`, which is how tests quote them. */
export function rows(candles: CandleColumns): (string | number | null)[][] {
  return Array.from({ length: candles.length }, (_, i) => {
    const { time, open, high, low, close, volume } = candleAt(candles, i);
    return [isoTime(time), open, high, low, close, volume];
  });
}
