import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import type { ImportChunk, ImportReport } from "../../../contracts/import.ts";
import { DAY, HOUR, isoDate, MINUTE } from "../../../core/time.ts";
import {
  bodyOf,
  call,
  ImportAnswer,
  importCandles,
  problemOf,
  QuoteAnswer,
  read,
  SymbolAnswer,
  send,
} from "../client.ts";

/** A Wednesday. */
const NOW = Date.parse("2026-11-25T15:30:20.000Z");

beforeEach(() => {
  vi.setSystemTime(NOW);
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);
const at = (text: string): number => Date.parse(text) / 1000;

type Row = ImportChunk["rows"][number];

const DAYS = ["2026-11-12", "2026-11-13", "2026-11-16", "2026-11-17"];
const rows = (closes: number[]): Row[] => closes.map((close, i) => ({ line: i + 2, time: DAYS[i], close }));

async function report(chunk: ImportChunk): Promise<ImportReport> {
  return (await bodyOf(await importCandles(chunk), ImportAnswer)).data;
}

const candlesOf = async (path: string) => (await read(`/ohlcv/${path}`, CandlesAnswerSchema)).data;

const imports = async (target: string) =>
  (
    await env.DB.prepare("select action, detail from audit_log where target = ? order by id").bind(target).all<{
      action: string;
      detail: string;
    }>()
  ).results.map(({ action, detail }) => [action, JSON.parse(detail)]);

describe("the first import of a symbol", () => {
  test("drops its simulated data, moves it to imported data, and keeps its position in the stream", async () => {
    const before = (await read("/quotes/JSE:SOL", QuoteAnswer)).data;
    expect(before.simulated).toBe(true);
    expect((await candlesOf("JSE:SOL?interval=1d&limit=50")).length).toBe(50);

    const chunk = { symbol: "SOL.JO", interval: "1d" as const, adjustment: "split" as const, rows: rows([1, 2, 3, 4]) };
    expect(await report(chunk)).toEqual({
      import_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...{ symbol: "JSE:SOL", rows: 4, stored: 4, replaced: 0, unchanged: 0, refused: [], suspect: [] },
    });

    const answer = await read("/ohlcv/JSE:SOL?interval=1d&limit=50", CandlesAnswerSchema);
    expect(answer).toMatchObject({ provider: "import", simulated: false, adjustment: "split", count: 4 });
    expect(answer.data.map((candle) => candle.close)).toEqual([1, 2, 3, 4]);
    const after = (await read("/quotes/JSE:SOL", QuoteAnswer)).data;
    expect(after).toMatchObject({ price: 4, provider: "import", simulated: false, freshness: "historical" });
    expect(after).toMatchObject({ previous_close: 3, change: 1, change_percent: 33.3333 });
    expect(after.epoch).toBe(before.epoch);
    expect(after.seq).toBe(before.seq + 1);
    const { data } = await read("/symbols/JSE:SOL", SymbolAnswer);
    expect(data.data_sources).toEqual(["import"]);
    expect(data.availability.providers).toEqual([{ name: "import", state: "available", reason: null }]);
    expect(Object.keys(data.availability.intervals)).toEqual(["1d", "1w", "1M"]);
    expect(await imports("JSE:SOL")).toEqual([
      ["symbol.import", { data_sources: ["import", "jse", "alpha_vantage"] }],
      ["candles.import", { interval: "1d", adjustment: "split", stored: 4, replaced: 0 }],
    ]);
  });

  test("changes what a caller gets whose cache still held the simulated quote", async () => {
    await read("/quotes/JSE:BVT", QuoteAnswer);
    await vi.waitFor(async () => expect(await env.CACHE.get("quote:JSE:BVT")).not.toBeNull(), 10_000);
    await report({ symbol: "JSE:BVT", interval: "1d", rows: rows([5, 6]) });
    expect((await read("/quotes/JSE:BVT", QuoteAnswer)).data).toMatchObject({ price: 6, simulated: false });
  });
});

describe("importing again", () => {
  test("the same rows changes nothing, writes nothing into the audit log, and revises nothing", async () => {
    const chunk = { symbol: "JSE:MTN", interval: "1d" as const, rows: rows([10, 11.5, 12.25, 1e-7]) };
    expect(await report(chunk)).toMatchObject({ stored: 4, unchanged: 0 });
    const quote = (await read("/quotes/JSE:MTN", QuoteAnswer)).data;
    pass(10_000);
    for (let i = 0; i < 2; i++) {
      expect(await report(chunk)).toEqual({
        import_id: expect.any(String),
        ...{
          symbol: "JSE:MTN",
          rows: 4,
          stored: 0,
          replaced: 0,
          unchanged: 4,
          refused: [],
          suspect: expect.any(Array),
        },
      });
    }
    const candles = await candlesOf("JSE:MTN?interval=1d");
    expect(candles.map(({ close, state, revision }) => [close, state, revision])).toEqual([
      ...[10, 11.5, 12.25, 1e-7].map((close) => [close, "closed", 0]),
    ]);
    expect((await read("/quotes/JSE:MTN", QuoteAnswer)).data.seq).toBe(quote.seq);
    expect(await imports("JSE:MTN")).toHaveLength(2);
  });

  test("another number revises that candle, and the quote follows at once", async () => {
    await report({ symbol: "JSE:NED", interval: "1d", rows: rows([10, 11, 12, 13]) });
    const before = (await read("/quotes/JSE:NED", QuoteAnswer)).data;
    await vi.waitFor(async () => expect(await env.CACHE.get("quote:JSE:NED")).not.toBeNull(), 10_000);
    pass(500);
    expect(await report({ symbol: "JSE:NED", interval: "1d", rows: rows([10, 11, 12, 14]) })).toMatchObject({
      ...{ stored: 0, replaced: 1, unchanged: 3 },
    });
    const last = (await candlesOf("JSE:NED?interval=1d")).at(-1);
    expect(last).toMatchObject({ close: 14, state: "revised", revision: 1 });
    const { data } = await read("/quotes/JSE:NED", QuoteAnswer);
    expect(data).toMatchObject({ price: 14, seq: before.seq + 1, epoch: before.epoch });
    await report({ symbol: "JSE:NED", interval: "1d", rows: rows([10, 11, 12, 15]) });
    expect((await candlesOf("JSE:NED?interval=1d")).at(-1)).toMatchObject({ close: 15, state: "revised", revision: 2 });
  });

  test("a number that was unknown and is known now revises too, and one that is unknown again", async () => {
    const row = (volume: number | null): Row[] => [{ line: 1, time: DAYS[0], close: 5, volume }];
    await report({ symbol: "JSE:CPI", interval: "1d", rows: row(null) });
    expect(await report({ symbol: "JSE:CPI", interval: "1d", rows: row(0) })).toMatchObject({ replaced: 1 });
    expect((await candlesOf("JSE:CPI?interval=1d"))[0]).toMatchObject({ volume: 0, revision: 1 });
    expect(await report({ symbol: "JSE:CPI", interval: "1d", rows: row(null) })).toMatchObject({ replaced: 1 });
    expect((await candlesOf("JSE:CPI?interval=1d"))[0]).toMatchObject({ volume: null, revision: 2 });
  });

  test("as another interval, otherwise adjusted, is another series", async () => {
    const week = [9, 10, 11, 12, 13].map((day) => ({
      line: day,
      time: isoDate(at("2026-11-01") + (day - 1) * DAY),
      close: 2,
    }));
    await report({ symbol: "JSE:ABG", interval: "1d", adjustment: "split", rows: week });
    const hours = [{ line: 1, time: "2026-11-17T07:00:00Z", close: 3 }];
    expect(await report({ symbol: "JSE:ABG", interval: "1h", adjustment: "raw", rows: hours })).toMatchObject({
      stored: 1,
    });
    const own = await read("/ohlcv/JSE:ABG?interval=1h", CandlesAnswerSchema);
    expect(own).toMatchObject({ adjustment: "raw", count: 1 });
    expect(await read("/ohlcv/JSE:ABG?interval=1w", CandlesAnswerSchema)).toMatchObject({
      ...{ adjustment: "split", count: 1 },
    });
  });
});

const BAD: [string, Row, RegExp][] = [
  ["without a close", { line: 3, time: DAYS[1], open: 1 }, /close is missing/],
  ["with a price of nothing", { line: 3, time: DAYS[1], close: 0 }, /close is 0/],
  ["with a negative price", { line: 3, time: DAYS[1], close: -5 }, /above 0/],
  ["with a negative volume", { line: 3, time: DAYS[1], close: 1, volume: -1 }, /volume/],
  ["with a high below its low", { line: 3, time: DAYS[1], high: 1, low: 2, close: 1.5 }, /high 1 is below low 2/],
  ["with a close above its high", { line: 3, time: DAYS[1], high: 2, low: 1, close: 3 }, /close 3 is above high 2/],
  ["with words for a number", { line: 3, time: DAYS[1], close: "n/a" }, /plain decimal/],
  ["with a comma for a point", { line: 3, time: DAYS[1], close: "1,5" }, /plain decimal/],
  ["with infinity", { line: 3, time: DAYS[1], close: "1e400" }, /decimal|large/],
  ["with hexadecimal", { line: 3, time: DAYS[1], close: "0x10" }, /plain decimal/],
  ["with a time that is none", { line: 3, time: "yesterday", close: 1 }, /time/],
  ["with milliseconds", { line: 3, time: NOW, close: 1 }, /milliseconds/],
  ["stamped within a bucket", { line: 3, time: "2026-11-13T10:00:00Z", close: 1 }, /does not open a 1d candle/],
  ["in the future", { line: 3, time: "2026-12-04", close: 1 }, /future/],
  ["that says it is simulated", { line: 3, time: DAYS[1], close: 1, simulated: true }, /simulated; only real/],
  ["that says so in words", { line: 3, time: DAYS[1], close: 1, simulated: " TRUE" }, /simulated; only real/],
  ["that says it in other words", { line: 3, time: DAYS[1], close: 1, simulated: "maybe" }, /must be true or false/],
  ["with the time of another but other numbers", { line: 3, time: DAYS[0], close: 9 }, /line 2 but other numbers/],
];

describe("a row", () => {
  test.each(BAD)("%s is refused with its line, and the chunk stores nothing", async (_, bad, reason) => {
    const chunk: ImportChunk = { symbol: "JSE:AGL", interval: "1d", rows: [{ line: 2, time: DAYS[0], close: 1 }, bad] };
    const problem = await problemOf(await importCandles(chunk), "request.invalid");
    expect(problem.refused).toHaveLength(1);
    expect(problem.refused?.[0]).toMatchObject({ line: 3 });
    expect(problem.refused?.[0]?.reason).toMatch(reason);
    expect(problem.errors).toEqual([{ in: "body", path: "line 3", message: problem.refused?.[0]?.reason }]);
    const { data } = await read("/symbols/JSE:AGL", SymbolAnswer);
    expect(data.data_sources).toEqual(["simulator"]);
  });

  test("that is bad is left out with keep_good, and the good ones are stored", async () => {
    const bad = BAD.slice(0, 3).map(([, row], i) => ({ ...row, line: 10 + i }));
    const chunk: ImportChunk = { symbol: "JSE:BTI", interval: "1d", keep_good: true, rows: [...rows([1, 2]), ...bad] };
    const answer = await report(chunk);
    expect(answer).toMatchObject({ rows: 5, stored: 2, replaced: 0, unchanged: 0 });
    expect(answer.refused.map(({ line }) => line)).toEqual([10, 11, 12]);
    expect(await candlesOf("JSE:BTI?interval=1d")).toHaveLength(2);
  });

  test("with keep_good and nothing good changes nothing at all", async () => {
    const chunk: ImportChunk = { symbol: "JSE:BID", interval: "1d", keep_good: true, rows: [BAD[0][1]] };
    expect(await report(chunk)).toMatchObject({ rows: 1, stored: 0, refused: [{ line: 3 }] });
    expect((await read("/symbols/JSE:BID", SymbolAnswer)).data.data_sources).toEqual(["simulator"]);
  });

  test("is only checked with check_only", async () => {
    const chunk: ImportChunk = {
      symbol: "JSE:CFR",
      interval: "1d",
      check_only: true,
      rows: [...rows([1, 2]), BAD[0][1]],
    };
    expect(await report(chunk)).toMatchObject({ rows: 3, stored: 2, unchanged: 0, refused: [{ line: 3 }] });
    expect((await read("/symbols/JSE:CFR", SymbolAnswer)).data.data_sources).toEqual(["simulator"]);
    expect(await imports("JSE:CFR")).toEqual([]);
  });

  test("that is suspicious but possible is stored as it is", async () => {
    const odd = [
      { line: 1, time: DAYS[0], open: 1, high: 1, low: 1, close: 1, volume: 0 },
      { line: 2, time: DAYS[1], open: 1e9, high: 1e9, low: 0.0001, close: 123456.789012345, volume: 1e15 },
    ];
    await report({ symbol: "JSE:CLS", interval: "1d", rows: odd });
    const candles = await candlesOf("JSE:CLS?interval=1d");
    expect(candles).toMatchObject(odd.map(({ line, time, ...numbers }) => numbers));
  });

  test("that says the same twice in one chunk is one candle", async () => {
    const twice = [...rows([1, 2]), { line: 9, time: DAYS[0], close: "1.0" }];
    expect(await report({ symbol: "JSE:DSY", interval: "1d", rows: twice })).toMatchObject({ stored: 2, unchanged: 1 });
  });

  test("keeps blank numbers unknown and texts to the last digit", async () => {
    const row = { line: 1, time: DAYS[0], open: "", high: null, close: "6725.527344", volume: " 12 " };
    await report({ symbol: "JSE:EXX", interval: "1d", rows: [row] });
    expect(await candlesOf("JSE:EXX?interval=1d")).toMatchObject([
      { open: null, high: null, low: null, close: 6725.527344, volume: 12 },
    ]);
  });
});

describe("a chunk", () => {
  test.each<[string, unknown, string]>([
    ["no symbol", { interval: "1d", rows: rows([1]) }, "symbol"],
    ["an interval that is none", { symbol: "AAPL", interval: "2d", rows: rows([1]) }, "interval"],
    [
      "an adjustment that is none",
      { symbol: "AAPL", interval: "1d", adjustment: "some", rows: rows([1]) },
      "adjustment",
    ],
    ["no rows", { symbol: "AAPL", interval: "1d", rows: [] }, "rows"],
    ["too many rows", { symbol: "AAPL", interval: "1d", rows: Array(5001).fill(rows([1])[0]) }, "rows"],
    ["an unknown field", { symbol: "AAPL", interval: "1d", rows: rows([1]), dry: true }, "dry"],
    [
      "a row with an unknown column",
      { symbol: "AAPL", interval: "1d", rows: [{ ...rows([1])[0], oi: 1 }] },
      "rows.0.oi",
    ],
    ["a row without a line", { symbol: "AAPL", interval: "1d", rows: [{ time: 0, close: 1 }] }, "rows.0.line"],
    [
      "a line that no answer could repeat",
      { symbol: "AAPL", interval: "1d", keep_good: true, rows: [{ line: 2 ** 31, time: 0, close: 1 }] },
      "rows.0.line",
    ],
  ])("with %s is refused", async (_, body, path) => {
    const { errors } = await problemOf(await send("POST", "/admin/import", body), "request.invalid");
    expect(errors?.[0]).toMatchObject({ in: "body", path });
  });

  test("for an unknown or an ambiguous symbol is refused", async () => {
    await problemOf(await importCandles({ symbol: "NOSUCH", interval: "1d", rows: rows([1]) }), "symbol.not_found");
    await problemOf(await importCandles({ symbol: "BTC", interval: "1d", rows: rows([1]) }), "symbol.ambiguous");
  });

  test("may be of 4 MiB and no larger", async () => {
    const padding = " ".repeat(3 * 1024 * 1024);
    const headers = { Authorization: "Bearer test-admin-token", "Content-Type": "application/json" };
    const body = JSON.stringify({ symbol: "JSE:GRT", interval: "1d", rows: rows([1]) });
    expect((await call("/admin/import", { method: "POST", headers, body: body + padding })).status).toBe(200);
    const larger = await call("/admin/import", { method: "POST", headers, body: body + padding.repeat(2) });
    await problemOf(larger, "request.too_large");
  });
});

describe("minutes that were imported", () => {
  const from = at("2026-11-10T22:00:00Z");
  const minutes = Array.from({ length: 300 }, (_, i) => {
    const close = 100 + ((i * 37) % 50) / 10;
    return {
      line: i + 1,
      time: from + i * MINUTE,
      open: close - 0.1,
      high: close + 0.3,
      low: close - 0.4,
      close,
      volume: i,
    };
  }).filter((_, i) => i !== 77);

  test("are resampled to coarser candles on the calendar, and to a quote of 24 hours", async () => {
    await report({ symbol: "XLM/USDT", interval: "1m", rows: minutes });
    const stored = await candlesOf("XLM/USDT?interval=1m&limit=5000");
    expect(stored.map(({ time, close, volume }) => [time, close, volume])).toEqual(
      minutes.map(({ time, close, volume }) => [time, close, volume]),
    );
    const hours = await candlesOf("XLM/USDT?interval=1h");
    const expected = [0, 1, 2, 3, 4].map((hour) => {
      const part = minutes.filter(({ time }) => Math.floor((time - from) / HOUR) === hour);
      return {
        time: from + hour * HOUR,
        open: part[0].open,
        high: Math.max(...part.map((row) => row.high)),
        low: Math.min(...part.map((row) => row.low)),
        close: part.at(-1)?.close,
        volume: part.reduce((sum, row) => sum + row.volume, 0),
      };
    });
    expect(hours).toMatchObject(expected);
    // Of both days the file has a part.
    const days = await read("/ohlcv/XLM/USDT?interval=1d&from=2026-11-10&to=2026-11-12", CandlesAnswerSchema);
    expect(days).toMatchObject({
      data: [],
      coverage: {
        missing: [{ from: "2026-11-10T00:00:00.000Z", to: "2026-11-12T00:00:00.000Z", reason: "partial" }],
      },
    });
    const { coverage } = await read(
      "/ohlcv/XLM/USDT?interval=1m&from=2026-11-10T23:10:00Z&to=2026-11-10T23:20:00Z",
      CandlesAnswerSchema,
    );
    expect(coverage).toMatchObject({
      expected: 10,
      returned: 9,
      missing: [{ from: "2026-11-10T23:17:00.000Z", to: "2026-11-10T23:18:00.000Z", reason: "gap" }],
    });
    const { data } = await read("/quotes/XLM/USDT", QuoteAnswer);
    expect(data).toMatchObject({ price: minutes.at(-1)?.close, timestamp: "2026-11-11T03:00:00.000Z", window: "24h" });
    // The file covers five hours only: what happened in 24 is unknown.
    expect(data).toMatchObject({ open: null, volume: null, previous_close: null, change: null });
  });

  test("that are revised revise the coarser candles made of them", async () => {
    const revised = [{ ...minutes[0], high: 500 }];
    expect(await report({ symbol: "XLM/USDT", interval: "1m", rows: revised })).toMatchObject({ replaced: 1 });
    const [first, second] = await candlesOf("XLM/USDT?interval=1h");
    expect(first).toMatchObject({ high: 500, state: "revised", revision: 1 });
    expect(second).toMatchObject({ state: "closed", revision: 0 });
  });
});
