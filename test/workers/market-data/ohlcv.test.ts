import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { z } from "zod";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { sessionOn } from "../../../core/market-calendar/sessions.ts";
import { DAY, HOUR, isoTime } from "../../../core/time.ts";
import { bodyOf, call, importCandles, linkOf, ORIGIN, problemOf, read, SymbolsAnswer, send } from "../client.ts";

type Candles = z.infer<typeof CandlesAnswerSchema>;

/** A Wednesday; New York trades. */
const NOW = Date.parse("2026-11-25T15:30:20.000Z");
const now = NOW / 1000;

const at = (text: string): number => Date.parse(text) / 1000;
const ohlcv = (path: string): Promise<Candles> => read(`/ohlcv/${path}`, CandlesAnswerSchema);
const times = (answer: Candles): number[] => answer.data.map((candle) => candle.time);

/** Every trading date of the JSE within [from, to). */
function tradingDates(from: number, to: number): number[] {
  const dates: number[] = [];
  for (let date = from; date < to; date += DAY) if (sessionOn(marketOf("JSE"), date)) dates.push(date);
  return dates;
}

const KUMBA = tradingDates(at("2026-01-01"), at("2026-11-25"));
/** A trading date that the file does not have. */
const GAP = at("2026-06-10");
const kumbaTimes = KUMBA.filter((date) => date !== GAP);

beforeAll(async () => {
  vi.setSystemTime(NOW);
  const rows = kumbaTimes.map((time, i) => ({ line: i + 1, time, close: 30_000 + i, volume: 1_000 + i }));
  expect((await importCandles({ symbol: "JSE:KIO", interval: "1d", adjustment: "split", rows })).status).toBe(200);
});

beforeEach(() => {
  vi.setSystemTime(NOW);
});

afterEach(() => {
  vi.useRealTimers();
});

/** Follows the Link header to the end; a walk that does not end fails. */
async function walk(first: string, relation: "next" | "prev"): Promise<Candles[]> {
  const pages: Candles[] = [];
  let path: string | null = first;
  while (path !== null) {
    const response: Response = await call(path);
    const link = linkOf(response);
    const page = await bodyOf(response, CandlesAnswerSchema);
    pages.push(page);
    expect(pages.length).toBeLessThan(400);
    const cursor = link && new URL(link.path, ORIGIN).searchParams.get("cursor");
    expect(cursor).toBe(page.next_cursor);
    if (link) expect(link.relation).toBe(relation);
    path = link?.path ?? null;
  }
  return pages;
}

describe("GET /ohlcv/{symbol}", () => {
  test("answers the last 100 hours, oldest first, by default; the last one forms", async () => {
    const answer = await ohlcv("BTC/USDT");
    const hour = Math.floor(now / HOUR) * HOUR;
    expect(times(answer)).toEqual(Array.from({ length: 100 }, (_, i) => hour - (99 - i) * HOUR));
    expect(answer).toMatchObject({
      symbol: "BTC/USDT",
      interval: "1h",
      provider: "simulator",
      simulated: true,
      adjustment: "raw",
      construction: "provider",
      count: 100,
      coverage: { expected: 100, returned: 100, missing: [], holidays_known: true },
    });
    expect(answer.data.map((candle) => candle.state)).toEqual([...Array(99).fill("closed"), "open"]);
    for (const candle of answer.data) {
      expect(Object.keys(candle)).toEqual([
        ...["time", "open", "high", "low", "close", "volume", "state", "revision", "suspect"],
      ]);
      const { open, high, low, close } = candle;
      expect(Math.max(Number(open), Number(close))).toBeLessThanOrEqual(Number(high));
      expect(Math.min(Number(open), Number(close))).toBeGreaterThanOrEqual(Number(low));
    }
  });

  test.each([
    ["1m", "2026-11-25T15:30:00Z"],
    ["5m", "2026-11-25T15:30:00Z"],
    ["15m", "2026-11-25T15:30:00Z"],
    ["30m", "2026-11-25T15:30:00Z"],
    ["1h", "2026-11-25T15:30:00Z"],
    ["4h", "2026-11-25T14:30:00Z"],
    ["1d", "2026-11-25T00:00:00Z"],
    ["1w", "2026-11-23T00:00:00Z"],
    ["1M", "2026-11-01T00:00:00Z"],
  ])("buckets of New York by %s count from 09:30 there: the open one is %s", async (interval, time) => {
    const { data } = await ohlcv(`AAPL?interval=${interval}&limit=2`);
    expect(data.at(-1)).toMatchObject({ time: at(time), state: "open" });
    expect(data.at(-2)).toMatchObject({ state: "closed" });
  });

  test("has no open candle where the market is closed", async () => {
    const { data } = await ohlcv("JSE:NPN?interval=1h&limit=3");
    expect(data.map((candle) => candle.state)).toEqual(["closed", "closed", "closed"]);
    expect(data.at(-1)?.time).toBe(at("2026-11-25T14:00:00Z"));
  });

  test("of a retired symbol stays readable", async () => {
    expect((await send("DELETE", "/symbols/ALGO/USDT")).status).toBe(200);
    expect((await ohlcv("ALGO/USDT?limit=2")).count).toBe(2);
  });

  test("returns unknown numbers as null", async () => {
    const { data } = await ohlcv("JSE:KIO?interval=1d&limit=1");
    expect(data).toEqual([
      {
        ...{ time: KUMBA.at(-1), open: null, high: null, low: null, close: 30_000 + kumbaTimes.length - 1 },
        ...{ volume: 1_000 + kumbaTimes.length - 1, state: "closed", revision: 0, suspect: false },
      },
    ]);
  });
});

describe("pages", () => {
  test("without from walk backward over every candle once and end", async () => {
    const pages = await walk("/ohlcv/JSE:KIO?interval=1d&limit=23", "prev");
    expect(pages.toReversed().flatMap(times)).toEqual(kumbaTimes);
    expect(pages.slice(0, -1).every((page) => page.count === 23)).toBe(true);
  });

  test("with from walk forward over every candle once and end", async () => {
    const pages = await walk("/ohlcv/JSE:KIO?interval=1d&limit=23&from=2026-01-01", "next");
    expect(pages.flatMap(times)).toEqual(kumbaTimes);
  });

  test("with from and order=desc walk backward from `to`, newest first, over every candle once and end", async () => {
    const query = "interval=1d&limit=10&from=2026-05-01&to=2026-08-01&order=desc";
    const pages = await walk(`/ohlcv/JSE:KIO?${query}`, "next");
    const expected = kumbaTimes.filter((time) => time >= at("2026-05-01") && time < at("2026-08-01"));
    expect(pages.flatMap(times)).toEqual(expected.toReversed());
  });

  test.each(["1h", "30m", "4h"])(
    "of simulated %s candles walk a stretch of both directions alike",
    async (interval) => {
      const stretch = "from=2026-11-10T09:00:00Z&to=2026-11-13T17:00:00Z";
      const whole = await ohlcv(`AAPL?interval=${interval}&${stretch}&limit=5000`);
      expect(whole.next_cursor).toBeNull();
      const forward = await walk(`/ohlcv/AAPL?interval=${interval}&${stretch}&limit=4`, "next");
      expect(forward.flatMap((page) => page.data)).toEqual(whole.data);
      const backward = await walk(`/ohlcv/AAPL?interval=${interval}&${stretch}&limit=4&order=desc`, "next");
      expect(backward.flatMap((page) => page.data)).toEqual(whole.data.toReversed());
    },
  );

  test("of weeks resampled from days walk alike", async () => {
    const whole = await ohlcv("JSE:KIO?interval=1w&limit=5000");
    expect(whole.next_cursor).toBeNull();
    const pages = await walk("/ohlcv/JSE:KIO?interval=1w&limit=3", "prev");
    expect(pages.toReversed().flatMap((page) => page.data)).toEqual(whole.data);
    const forward = await walk("/ohlcv/JSE:KIO?interval=1w&limit=3&from=2025-12-01", "next");
    expect(forward.flatMap((page) => page.data)).toEqual(whole.data);
  });

  test("hold the same candles in either order", async () => {
    const query = "JSE:KIO?interval=1d&limit=17&to=2026-09-01";
    const ascending = await ohlcv(query);
    const descending = await ohlcv(`${query}&order=desc`);
    expect(descending.data).toEqual(ascending.data.toReversed());
  });

  test("keep `to` out and `from` in", async () => {
    const answer = await ohlcv("BTC/USDT?interval=1h&from=2026-11-01T00:00:00Z&to=2026-11-01T03:00:00Z");
    expect(times(answer).map(isoTime)).toEqual([
      "2026-11-01T00:00:00.000Z",
      "2026-11-01T01:00:00.000Z",
      "2026-11-01T02:00:00.000Z",
    ]);
    expect(answer.next_cursor).toBeNull();
  });

  test("take times as unix seconds and in ISO-8601 with any zone", async () => {
    const whole = await ohlcv("BTC/USDT?interval=1h&from=2026-11-01T00:00:00Z&to=2026-11-01T03:00:00Z");
    for (const [from, to] of [
      [at("2026-11-01T00:00:00Z"), at("2026-11-01T03:00:00Z")],
      ["2026-11-01T02:00:00%2B02:00", "2026-10-31T22:00:00-05:00"],
      ["2026-11-01", "2026-11-01T03:00"],
    ]) {
      expect((await ohlcv(`BTC/USDT?interval=1h&from=${from}&to=${to}`)).data).toEqual(whole.data);
    }
  });

  test("from before everything and to after everything hold what there is", async () => {
    const answer = await ohlcv("JSE:KIO?interval=1d&from=1900-01-01&to=2199-01-01&limit=5000");
    expect(times(answer)).toEqual(kumbaTimes);
  });
});

describe("a cursor", () => {
  const refused = async (path: string) => {
    const { errors } = await problemOf(await call(`/ohlcv/${path}`), "request.invalid");
    expect(errors).toMatchObject([{ in: "query", path: "cursor" }]);
  };

  test("that was tampered with is refused", async () => {
    const { next_cursor: cursor } = await ohlcv("BTC/USDT?limit=2");
    const other = (position: unknown) => btoa(JSON.stringify(position)).replace(/=+$/, "");
    const known = { symbol: "BTC/USDT", interval: "1h", direction: "backward" };
    for (const tampered of [
      ...["", "x", `${cursor}A`, cursor?.slice(1), "%2e%2e", "a".repeat(5000)],
      ...[other(null), other([]), other({ ...known, time: 1.5 }), other({ ...known, time: 1e300 })],
      ...[other({ ...known, time: "1" }), other({ ...known, time: 1, extra: 1 }), other(known)],
    ]) {
      await refused(`BTC/USDT?limit=2&cursor=${tampered}`);
    }
  });

  test("of another question is refused", async () => {
    const { next_cursor: backward } = await ohlcv("BTC/USDT?limit=2");
    const { next_cursor: forward } = await ohlcv("BTC/USDT?limit=2&from=2026-11-01");
    await refused(`ETH/USDT?limit=2&cursor=${backward}`);
    await refused(`BTC/USDT?limit=2&interval=1d&cursor=${backward}`);
    await refused(`BTC/USDT?limit=2&from=2026-11-01&cursor=${backward}`);
    await refused(`BTC/USDT?limit=2&cursor=${forward}`);
    await refused(`BTC/USDT?limit=2&from=2026-11-01&order=desc&cursor=${forward}`);
    const { next_cursor: ofList } = await read("/symbols?limit=1", SymbolsAnswer);
    await refused(`BTC/USDT?cursor=${ofList}`);
  });

  test("may be followed with another limit, and under an alias", async () => {
    const first = await ohlcv("BTC/USDT?limit=2");
    const second = await ohlcv(`btcusdt?limit=3&cursor=${first.next_cursor}`);
    expect(times(second).at(-1)).toBe((times(first)[0] ?? 0) - HOUR);
    expect(second.count).toBe(3);
  });
});

describe("input", () => {
  test.each([
    ["interval=2h", "interval"],
    ["interval=1H", "interval"],
    ["limit=0", "limit"],
    ["limit=5001", "limit"],
    ["limit=ten", "limit"],
    ["order=up", "order"],
    ["format=xml", "format"],
    ["coverage=all", "coverage"],
    ["include_suspect=1", "include_suspect"],
    ["from=yesterday", "from"],
    ["from=2026-13-01", "from"],
    ["from=2026-02-30", "from"],
    ["to=1e9", "to"],
    ["from=2026-11-02&to=2026-11-01", "from"],
    ["from=2026-11-01&to=2026-11-01", "from"],
    ["from=2027-11-01", "from"],
    ["start=2026-11-01", "start"],
    ["__proto__=1", "__proto__"],
  ])("%s is refused by name", async (query, path) => {
    const { errors } = await problemOf(await call(`/ohlcv/BTC/USDT?${query}`), "request.invalid");
    expect(errors?.map((error) => error.path)).toEqual([path]);
    expect(errors?.[0]?.in).toBe("query");
  });

  test.each(["from", "to"])("a millisecond timestamp as %s is named as one", async (name) => {
    const { errors } = await problemOf(await call(`/ohlcv/BTC/USDT?${name}=${NOW}`), "request.invalid");
    expect(errors?.[0]?.message).toMatch(/milliseconds/);
  });

  test("limits of 1 and 5000 are within bounds", async () => {
    expect((await ohlcv("BTC/USDT?interval=1m&limit=1")).count).toBe(1);
    expect((await ohlcv("BTC/USDT?interval=1m&limit=5000")).count).toBe(5000);
  });
});

describe("format=csv", () => {
  test("has a header row and the same numbers in the same columns", async () => {
    const query = "JSE:KIO?interval=1d&limit=5";
    const { data } = await ohlcv(query);
    const response = await call(`/ohlcv/${query}&format=csv`);
    expect(response.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    expect(linkOf(response)?.relation).toBe("prev");
    const [header, ...lines] = (await response.text()).trimEnd().split("\n");
    expect(header).toBe("time,open,high,low,close,volume,state,revision,suspect,provider,simulated");
    expect(lines).toEqual(
      data.map(({ time, close, volume, state }) => `${time},,,,${close},${volume},${state},0,false,import,false`),
    );
  });

  test("has an ETag of its own", async () => {
    const json = (await call("/ohlcv/JSE:KIO?interval=1d")).headers.get("ETag");
    const csv = await call("/ohlcv/JSE:KIO?interval=1d&format=csv");
    const etag = csv.headers.get("ETag") ?? "";
    expect(etag).not.toBe(json);
    const again = await call("/ohlcv/JSE:KIO?interval=1d&format=csv", { headers: { "If-None-Match": etag } });
    expect(again.status).toBe(304);
  });
});

describe("coverage", () => {
  test("names a missing trading day as a gap", async () => {
    const { coverage } = await ohlcv("JSE:KIO?interval=1d&from=2026-06-08&to=2026-06-13");
    expect(coverage).toEqual({
      expected: 5,
      returned: 4,
      missing: [{ from: "2026-06-10T00:00:00.000Z", to: "2026-06-11T00:00:00.000Z", reason: "gap" }],
      holidays_known: true,
    });
  });

  test("lists weekends and holidays only when it is asked to be full", async () => {
    // Youth Day is Tuesday, 16 June 2026.
    const stretch = "JSE:KIO?interval=1d&from=2026-06-11&to=2026-06-18";
    expect((await ohlcv(stretch)).coverage).toMatchObject({ expected: 4, returned: 4, missing: [] });
    expect((await ohlcv(`${stretch}&coverage=full`)).coverage.missing).toEqual([
      { from: "2026-06-13T00:00:00.000Z", to: "2026-06-15T00:00:00.000Z", reason: "closed" },
      { from: "2026-06-16T00:00:00.000Z", to: "2026-06-17T00:00:00.000Z", reason: "closed" },
    ]);
  });

  test("says of what lies outside the file that it was not ingested", async () => {
    const { coverage } = await ohlcv("JSE:KIO?interval=1d&from=2025-12-29&to=2026-01-06");
    expect(coverage.missing).toEqual([
      { from: "2025-12-29T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z", reason: "not_ingested" },
    ]);
    expect(coverage.expected - coverage.returned).toBe(3);
  });

  test("of an interval finer than what was imported is empty, 200 and not ingested", async () => {
    const answer = await ohlcv("JSE:KIO?interval=1h&from=2026-06-08&to=2026-06-09");
    expect(answer).toMatchObject({ data: [], count: 0, provider: "import", simulated: false, next_cursor: null });
    expect(answer.coverage).toMatchObject({ expected: 8, returned: 0, missing: [{ reason: "not_ingested" }] });
    const latest = await ohlcv("JSE:KIO?interval=1m&limit=10");
    expect(latest.coverage).toMatchObject({ expected: 10, returned: 0, missing: [{ reason: "not_ingested" }] });
  });

  test("says where holidays are unknown", async () => {
    expect((await ohlcv("JSE:KIO?interval=1d&from=1999-01-01&to=1999-02-01")).coverage.holidays_known).toBe(false);
    expect((await ohlcv("JSE:KIO?interval=1d&from=2019-01-01&to=2019-02-01")).coverage.holidays_known).toBe(true);
  });

  test("expects as many as are returned and missing, on every page of a walk", async () => {
    for (const page of await walk("/ohlcv/JSE:KIO?interval=1d&limit=40&from=2026-01-02&to=2026-11-25", "next")) {
      const gaps = page.coverage.missing.filter((stretch) => stretch.reason === "gap").length;
      expect(page.coverage.expected).toBe(page.count + gaps);
      expect(page.coverage.returned).toBe(page.count);
    }
  });

  test.each([
    "AAPL?interval=1m&from=1900-01-01&limit=1",
    "USD/ZAR?interval=1m&from=1900-01-01&limit=1&coverage=full",
    "BTC/USDT?interval=1m&from=1900-01-01&to=2199-01-01&limit=1",
    "JSE:KIO?interval=1m&from=1900-01-01&to=2199-01-01",
    "JSE:KIO?interval=1d&from=1900-01-01&to=2199-01-01&limit=1&order=desc&coverage=full",
    "JSE:NPN?interval=1m&to=1900-01-01",
    "JSE:KIO?interval=1M&to=1990-01-01&limit=5000",
    "JSE:KIO?interval=1w&to=1990-01-01&limit=5000",
    "AAPL?interval=1M&limit=5000",
    "BTC/USDT?interval=1w&limit=5000",
    "USD/ZAR?interval=1d&limit=5000",
    "USD/ZAR?interval=4h&limit=5000",
  ])("of a stretch of a century and more is answered in a moment: %s", async (path) => {
    vi.useRealTimers();
    const start = performance.now();
    const response = await call(`/ohlcv/${path}`);
    await response.text();
    expect(response.status).toBe(200);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe("caching", () => {
  test("ETag is strong, over the data, and gets 304 while no candle changes", async () => {
    const path = "/ohlcv/JSE:KIO?interval=1d&limit=3";
    const first = await call(path);
    const etag = first.headers.get("ETag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    vi.setSystemTime(NOW + 3_600_000);
    expect((await call(path, { headers: { "If-None-Match": etag } })).status).toBe(304);
    const rows = [{ line: 1, time: kumbaTimes.at(-1) ?? 0, close: 31_999 }];
    expect((await importCandles({ symbol: "JSE:KIO", interval: "1d", adjustment: "split", rows })).status).toBe(200);
    const changed = await call(path, { headers: { "If-None-Match": etag } });
    expect((await bodyOf(changed, CandlesAnswerSchema)).data.at(-1)).toMatchObject({
      close: 31_999,
      state: "revised",
      revision: 1,
    });
  });

  test("a page with the forming candle may be kept for a second, a past one for a minute", async () => {
    const forming = await call("/ohlcv/BTC/USDT?limit=2");
    expect(forming.headers.get("Cache-Control")).toBe("public, max-age=1");
    const past = await call("/ohlcv/BTC/USDT?limit=2&from=2026-01-01");
    expect(past.headers.get("Cache-Control")).toBe("public, max-age=60");
  });

  test("Cache-Status names the room for stored candles and the provider for simulated ones", async () => {
    expect((await call("/ohlcv/JSE:KIO?interval=1d")).headers.get("Cache-Status")).toBe("room; hit");
    expect((await call("/ohlcv/BTC/USDT")).headers.get("Cache-Status")).toBe("provider; fwd=miss");
  });
});
