import { bucketsBefore } from "../../core/buckets.ts";
import { INTRADAY_SECONDS, type Interval } from "../../core/interval.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { offsetAt } from "../../core/market-calendar/zone.ts";
import { DAY, isoDate, isoTime, startOfNextMonth } from "../../core/time.ts";
import { US_SHARES } from "../../storage/registry/reference/us.ts";
import type { FakeCandle } from "./candle-faults.ts";
import { candleOf, isListed, priceOf, sessionQuote } from "./prices.ts";
import { type FakeAnswer, type FakeRequest, type FakeUpstream, listed, notFound, ok, okSeries } from "./upstream.ts";

const INVALID_CALL = { "Error Message": "Invalid API call. Please see the documentation." };
const BAD_KEY = { "Error Message": "the parameter apikey is invalid or missing. Please claim a key." };

const price = (value: number): string => value.toFixed(4);
const rate = (value: number): string => value.toFixed(5);

/** Shares elsewhere end in their exchange's code. Those of the JSE cost what they do there: cents. */
const nameOf = (symbol: string): string => symbol.replace(/^(.+)\.(JNB|JSE)$/, "JSE:$1");
const marketOf = (symbol: string): Market => (nameOf(symbol).startsWith("JSE:") ? MARKETS.JSE : MARKETS.US);

const clock = (time: number, market: Market): string =>
  isoTime(time + offsetAt(market.zone, time))
    .slice(0, 19)
    .replace("T", " ");

function globalQuote(symbol: string, now: number): FakeAnswer {
  const quote = isListed(symbol) ? sessionQuote(nameOf(symbol), marketOf(symbol), now) : null;
  if (!quote) return ok("GLOBAL_QUOTE", [symbol], { "Global Quote": {} });
  const change = quote.close - quote.previousClose;
  return ok("GLOBAL_QUOTE", [symbol], {
    "Global Quote": {
      "01. symbol": symbol,
      "02. open": price(quote.open),
      "03. high": price(quote.high),
      "04. low": price(quote.low),
      "05. price": price(quote.close),
      "06. volume": String(quote.volume),
      "07. latest trading day": isoDate(quote.date),
      "08. previous close": price(quote.previousClose),
      "09. change": price(change),
      "10. change percent": `${((change / quote.previousClose) * 100).toFixed(4)}%`,
    },
  });
}

function bulkQuotes(symbols: string[], now: number): FakeAnswer {
  const data = symbols.filter(isListed).flatMap((symbol) => {
    const quote = sessionQuote(symbol, MARKETS.US, now);
    if (!quote) return [];
    const change = quote.close - quote.previousClose;
    return {
      symbol,
      timestamp: `${clock(quote.time, MARKETS.US)}.128`,
      open: price(quote.open),
      high: price(quote.high),
      low: price(quote.low),
      close: price(quote.close),
      volume: String(quote.volume),
      previous_close: price(quote.previousClose),
      change: price(change),
      change_percent: ((change / quote.previousClose) * 100).toFixed(4),
      extended_hours_quote: null,
    };
  });
  return ok("REALTIME_BULK_QUOTES", symbols, { endpoint: "Realtime Bulk Quotes", message: "", data });
}

function exchangeRate(from: string, to: string, now: number): FakeAnswer {
  const pair = `${from}/${to}`;
  if (!isListed(pair)) return ok("CURRENCY_EXCHANGE_RATE", [pair], INVALID_CALL);
  const value = priceOf(pair, now);
  return ok("CURRENCY_EXCHANGE_RATE", [pair], {
    "Realtime Currency Exchange Rate": {
      "1. From_Currency Code": from,
      "2. From_Currency Name": from,
      "3. To_Currency Code": to,
      "4. To_Currency Name": to,
      "5. Exchange Rate": value.toFixed(8),
      "6. Last Refreshed": clock(now, MARKETS.CRYPTO),
      "7. Time Zone": "UTC",
      "8. Bid Price": (value * 0.9999).toFixed(8),
      "9. Ask Price": (value * 1.0001).toFixed(8),
    },
  });
}

const INTERVAL_NAMED: Partial<Record<string, Interval>> = {
  "1min": "1m",
  "5min": "5m",
  "15min": "15m",
  "30min": "30m",
  "60min": "1h",
};

interface SeriesQuery {
  name: string;
  market: Market;
  interval: Interval;
  count: number;
  from: number;
  end: number;
  adjusted: boolean;
}

/** The candles of a series, newest first. */
function seriesCandles({ name, market, interval, count, from, end }: SeriesQuery): FakeCandle[] {
  const buckets = bucketsBefore(market, interval, end, count, from).filter(({ opens }) => opens < end);
  const seconds = INTRADAY_SECONDS[interval] ?? DAY;
  return buckets.reverse().map((bucket) => candleOf(name, bucket, seconds, end));
}

/** Bars by their stamps. Adjusted days have their fields in other positions. */
function seriesRows(candles: readonly FakeCandle[], { market, interval, adjusted }: SeriesQuery) {
  const rows: Record<string, Record<string, string | null>> = {};
  const forex = market.id === "FOREX";
  const written = (value: number | null): string | null => (value === null ? null : forex ? rate(value) : price(value));
  for (const bar of candles) {
    const time = bar.stamp / 1000;
    const stamp = interval === "1d" ? isoDate(time) : clock(time, forex ? MARKETS.CRYPTO : market);
    rows[stamp] = {
      "1. open": written(bar.open),
      "2. high": written(bar.high),
      "3. low": written(bar.low),
      "4. close": written(bar.close),
      ...(!forex && !adjusted && { "5. volume": String(bar.volume) }),
      ...(adjusted && {
        "5. adjusted close": written(bar.close),
        "6. volume": String(bar.volume),
        "7. dividend amount": "0.0000",
        "8. split coefficient": "1.0",
      }),
    };
  }
  return rows;
}

function series(name: string, url: URL, now: number): FakeAnswer {
  const parameter = (key: string): string => url.searchParams.get(key) ?? "";
  const forex = name.startsWith("FX_");
  const symbol = forex ? `${parameter("from_symbol")}/${parameter("to_symbol")}` : parameter("symbol");
  const daily = name.includes("DAILY");
  const interval = daily ? "1d" : INTERVAL_NAMED[parameter("interval")];
  if (!interval || !isListed(symbol)) return ok(name, [symbol], INVALID_CALL);
  const market = forex ? MARKETS.FOREX : marketOf(symbol);
  const month = parameter("month");
  const from = month === "" ? 0 : Date.parse(`${month}-01T00:00:00Z`) / 1000;
  const end = month === "" ? now : Math.min(now, startOfNextMonth(from));
  const count = parameter("outputsize") === "full" ? 8000 : 100;
  const about = forex
    ? { "2. From Symbol": parameter("from_symbol"), "3. To Symbol": parameter("to_symbol"), "7. Time Zone": "UTC" }
    : { "2. Symbol": symbol, "6. Time Zone": "US/Eastern" };
  const key = `Time Series ${forex ? "FX " : ""}(${daily ? "Daily" : parameter("interval")})`;
  const query: SeriesQuery = {
    name: forex ? symbol : nameOf(symbol),
    market,
    interval,
    count,
    from,
    end,
    adjusted: name.endsWith("ADJUSTED"),
  };
  return okSeries(name, [symbol], {
    candles: seriesCandles(query),
    write: (candles) => ({ "Meta Data": { "1. Information": name, ...about }, [key]: seriesRows(candles, query) }),
  });
}

function search(keywords: string): FakeAnswer {
  const text = keywords.toUpperCase();
  const found = US_SHARES.filter(({ symbol, name }) => `${symbol} ${name}`.toUpperCase().includes(text)).slice(0, 10);
  const bestMatches = found.map(({ symbol, name }) => ({
    "1. symbol": symbol,
    "2. name": name,
    "3. type": "Equity",
    "4. region": "United States",
    "5. marketOpen": "09:30",
    "6. marketClose": "16:00",
    "7. timezone": "UTC-05",
    "8. currency": "USD",
    "9. matchScore": symbol === text ? "1.0000" : "0.5000",
  }));
  return ok("SYMBOL_SEARCH", [], { bestMatches });
}

function overview(symbol: string): FakeAnswer {
  const share = US_SHARES.find((candidate) => candidate.symbol === symbol);
  if (!share) return ok("OVERVIEW", [symbol], {});
  return ok("OVERVIEW", [symbol], {
    Symbol: symbol,
    AssetType: "Common Stock",
    Name: share.name,
    Description: "None",
    Exchange: share.primary_exchange,
    Currency: "USD",
    Country: "USA",
    Sector: share.sector ?? "None",
    Industry: share.industry ?? "None",
    Address: share.headquarters ?? "None",
    OfficialSite: share.website ?? "None",
    MarketCapitalization: "1000000000",
    SharesOutstanding: "10000000",
  });
}

/** Alpha Vantage with a key that allows everything. */
export const fakeAlphaVantage: FakeUpstream = {
  name: "alpha_vantage",
  answer({ url }: FakeRequest, now: number): FakeAnswer {
    const name = url.searchParams.get("function") ?? "";
    const symbol = url.searchParams.get("symbol") ?? "";
    if (url.pathname !== "/query") return notFound;
    if (!url.searchParams.get("apikey")) return ok(name, [], BAD_KEY);
    switch (name) {
      case "GLOBAL_QUOTE":
        return globalQuote(symbol, now);
      case "REALTIME_BULK_QUOTES":
        return bulkQuotes(listed(symbol), now);
      case "CURRENCY_EXCHANGE_RATE":
        return exchangeRate(
          url.searchParams.get("from_currency") ?? "",
          url.searchParams.get("to_currency") ?? "",
          now,
        );
      case "TIME_SERIES_INTRADAY":
      case "TIME_SERIES_DAILY":
      case "TIME_SERIES_DAILY_ADJUSTED":
      case "FX_INTRADAY":
      case "FX_DAILY":
        return series(name, url, now);
      case "SYMBOL_SEARCH":
        return search(url.searchParams.get("keywords") ?? "");
      case "OVERVIEW":
        return overview(symbol);
      default:
        return ok(name, [], INVALID_CALL);
    }
  },
};
