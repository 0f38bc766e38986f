import { bucketsBetween } from "../../core/buckets.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { DAY, HOUR, isoDate, isoTime } from "../../core/time.ts";
import { JSE_SHARES } from "../../storage/registry/reference/jse.ts";
import { candleOf, isListed, sessionQuote } from "./prices.ts";
import { type FakeAnswer, type FakeRequest, type FakeUpstream, notFound, ok, okSeries } from "./upstream.ts";

/** What Johannesburg's clocks show, two hours ahead all year. */
const localTime = (time: number): string => isoTime(time + 2 * HOUR).slice(0, 19);

const enveloped = (data: unknown) => ({ error: null, data });

/** Prices are 15 minutes late. */
const DELAY = 15 * 60;

function quote(code: string, now: number): FakeAnswer {
  const session = isListed(code) ? sessionQuote(`JSE:${code}`, MARKETS.JSE, now - DELAY) : null;
  if (!session) return ok("quote", [code], enveloped(null));
  const difference = session.close - session.previousClose;
  return ok(
    "quote",
    [code],
    enveloped({
      shareCode: code,
      type: "Ordinary",
      instrType: "E",
      priceTime: localTime(session.time),
      shareQuoteType: "Delayed",
      price: session.close,
      volume: 1,
      dayLo: session.low,
      dayHi: session.high,
      dayValue: session.volume * session.close,
      dayVolume: session.volume,
      dayOpen: session.open,
      dayDeals: 2000,
      bidOfferTime: localTime(session.time),
      bidPrice1: String(session.close - 1),
      bidVolume1: "100",
      askPrice1: String(session.close + 1),
      askVolume1: "100",
      closingPrice: session.previousClose,
      priceDifference: difference,
      priceDifferencePercentage: (difference / session.previousClose) * 100,
      marketCap: 0,
      exchange: "JSE",
      history: [],
    }),
  );
}

function history(code: string, url: URL, now: number): FakeAnswer {
  if (!isListed(code)) return ok("history", [code], enveloped(null));
  const from = Date.parse(url.searchParams.get("from") ?? "") / 1000;
  const to = Date.parse(url.searchParams.get("to") ?? "") / 1000 + DAY;
  const known = bucketsBetween(MARKETS.JSE, "1d", from, Math.min(to, now), 5000);
  const candles = known
    .filter(({ opens }) => opens < now - DELAY)
    .map((bucket) => candleOf(`JSE:${code}`, bucket, DAY, now - DELAY));
  return okSeries("history", [code], {
    candles,
    write: (days) =>
      enveloped(
        days.map(({ stamp, open, high, low, close, volume }) => {
          return { date: `${isoDate(stamp / 1000)}T00:00:00`, open, high, low, close, volume };
        }),
      ),
  });
}

/** The delayed feed of a South African broker. */
export const fakeJse: FakeUpstream = {
  name: "jse",
  answer({ url, headers }: FakeRequest, now: number): FakeAnswer {
    if (!headers.get("x-api-key")) return { endpoint: "unknown", symbols: [], status: 401, body: { error: "no key" } };
    if (url.pathname === "/instruments") {
      const text = (url.searchParams.get("search") ?? "").toUpperCase();
      const found = JSE_SHARES.filter(({ symbol, name }) => `${symbol} ${name}`.toUpperCase().includes(text));
      const data = found.map(({ symbol, name }) => ({ code: symbol.slice(4), shortName: name, longName: name }));
      return ok("instruments", [], enveloped(data));
    }
    const [, code, endpoint] = /^\/shares\/([^/]+)\/(quote|history)$/.exec(url.pathname) ?? [];
    if (code === undefined) return notFound;
    return endpoint === "quote" ? quote(code, now) : history(code, url, now);
  },
};
