import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ImportSchema } from "../../contracts/import.ts";
import { MARKETS } from "../../core/market-calendar/markets.ts";
import { sessionOn } from "../../core/market-calendar/sessions.ts";
import { candleFile, FIELDS, type PaperCandle, readCandleFile } from "./candle-files.ts";
import { csvPages, entityTag, expectSame, jsonPage, jsonPages } from "./candle-pages.ts";
import type { CommandResult } from "./command.ts";
import { countsOf, refusedLines, runImport } from "./import-command.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

const FILES = [
  { name: "AAPL_1d.csv", symbol: "AAPL", interval: "1d", adjustment: "split" },
  { name: "BTC-USD_1m.csv", symbol: "BTC/USD", interval: "1m", adjustment: "raw" },
  { name: "EURUSD_1h.csv", symbol: "EUR/USD", interval: "1h", adjustment: "raw" },
  { name: "USDZAR_1d_close.csv", symbol: "USD/ZAR", interval: "1d", adjustment: "raw" },
  { name: "JSE_NPN_1d_adjclose.csv", symbol: "JSE:NPN", interval: "1d", adjustment: "split_dividend" },
];

/** Before the first candle of any of the files. */
const LONG_AGO = "1970-01-01";

/** A candle's numbers as JSON has them. */
function toNumbers(candle: PaperCandle) {
  const { time, ...cells } = candle;
  const numbers = FIELDS.map((field) => [field, cells[field] === null ? null : Number(cells[field])]);
  return { time, ...Object.fromEntries(numbers) };
}

/** Of 46 years of USD/ZAR a handful of days look like misprints; of the other files hardly any. */
const MAX_DOUBTED = 8;

describe("real candles", () => {
  let folder = "";
  let platform: Platform;

  beforeAll(async () => {
    folder = dataFolder();
    platform = await startPlatform(folder);
  });
  afterAll(async () => {
    await platform?.stop();
    removeFolder(folder);
  });

  describe.each(FILES)("$name", ({ name, symbol, interval, adjustment }) => {
    const rows = readCandleFile(name);
    const path = `/ohlcv/${symbol}?interval=${interval}`;
    const firstPage = `${path}&from=${LONG_AGO}&limit=5000`;
    let imported: CommandResult;

    beforeAll(async () => {
      imported = await runImport(platform.url, { symbol, interval, adjustment, file: candleFile(name) });
    });

    test("is imported, with a report that counts every row once", () => {
      expect(imported.stderr).toBe("");
      expect(imported.code).toBe(0);
      expect(countsOf(imported)).toEqual({
        read: rows.length,
        stored: rows.length,
        replaced: 0,
        unchanged: 0,
        refused: 0,
        notStored: 0,
      });
    });

    test("comes back as JSON, every row, number for number, page by page forward", async () => {
      const answers = await jsonPages(platform.url, firstPage);
      expect(answers.length).toBe(Math.ceil(rows.length / 5000));
      const candles = answers.flatMap((answer) => answer.data);
      expectSame(
        candles.map(({ time, open, high, low, close, volume }) => ({ time, open, high, low, close, volume })),
        rows.map(toNumbers),
      );
      expect(new Set(candles.map(({ state, revision }) => `${state} ${revision}`))).toEqual(new Set(["closed 0"]));
      // Doubted candles are marked, and come all the same.
      const doubted = candles.filter(({ suspect }) => suspect).map(({ time }) => time);
      const isClosed = (time: number): boolean => symbol === "JSE:NPN" && sessionOn(MARKETS.JSE, time) === null;
      // The file has rows on many of the exchange's holidays: each is doubted.
      expect(doubted.filter(isClosed)).toEqual(candles.map(({ time }) => time).filter(isClosed));
      const others = doubted.filter((time) => !isClosed(time));
      expect(others.length).toBeLessThanOrEqual(MAX_DOUBTED);
      if (symbol === "JSE:NPN") expect(others).toEqual([Date.UTC(2022, 5, 14) / 1000]);
      for (const answer of answers) {
        expect(answer).toMatchObject({ symbol, interval, adjustment, provider: "import", simulated: false });
        expect(answer.count).toBe(answer.data.length);
        expect(answer.coverage.returned).toBe(answer.data.length);
      }
    });

    test("comes back as CSV, every row, digit for digit, page by page backward", async () => {
      const found = await csvPages(platform.url, `${path}&limit=1999&format=csv`);
      expectSame(found.reverse().flat(), rows);
    });

    test("changes nothing when it is imported again", async () => {
      const tagged = [firstPage, `${firstPage}&format=csv`, `${path}&limit=100`];
      const before = await Promise.all(tagged.map((page) => entityTag(platform.url, page)));
      const again = await runImport(platform.url, { symbol, interval, adjustment, file: candleFile(name) });
      expect(again.code).toBe(0);
      expect(countsOf(again)).toMatchObject({ read: rows.length, stored: 0, replaced: 0, unchanged: rows.length });
      expect(await Promise.all(tagged.map((page) => entityTag(platform.url, page)))).toEqual(before);
      const unchanged = await fetch(platform.url + firstPage, {
        headers: { ...AS_ADMIN, "If-None-Match": before[0] },
      });
      expect(unchanged.status).toBe(304);
    });

    test("stays what it is when the same candles come as another import, adjusted otherwise", async () => {
      const other = { symbol, interval, adjustment: "unknown", file: candleFile(name) };
      const again = await runImport(platform.url, other);
      expect(again.code).toBe(0);
      expect(countsOf(again)).toMatchObject({ stored: 0, replaced: 0, unchanged: rows.length });
      expect(await jsonPage(platform.url, `${path}&limit=2`)).toMatchObject({ adjustment });
      const listed = await fetch(`${platform.url}/admin/imports?symbol=${symbol}`, { headers: AS_ADMIN });
      const { data } = z.object({ data: z.array(ImportSchema) }).parse(await listed.json());
      expect(data.map((each) => [each.adjustment, each.status, each.stored])).toEqual([
        ["unknown", "done", 0],
        [adjustment, "done", rows.length],
      ]);
    });
  });

  describe("minutes of BTC/USD", () => {
    const minutes = readCandleFile("BTC-USD_1m.csv");
    /** The first minute of which the file says nothing though it has some of its day. */
    const CUT = Date.parse("2018-04-04T16:48:00Z") / 1000;

    /** A decimal as a whole number of hundred-millionths. */
    function scaled(text: string | null): bigint {
      if (text === null) throw new Error("Every minute of this file has a volume.");
      const [whole, fraction = ""] = text.split(".");
      if (fraction.length > 8) throw new Error(`${text} has more than eight decimals.`);
      return BigInt(whole + fraction.padEnd(8, "0"));
    }

    /** Whole coarser candles as one would make them on paper: UTC buckets, and volumes added as whole numbers. */
    function coarser(seconds: number) {
      const buckets = Map.groupBy(minutes, ({ time }) => time - (time % seconds));
      const whole = [...buckets].filter(([time]) => CUT < time || CUT >= time + seconds);
      return whole.map(([time, parts]) => {
        const volume = parts.reduce((sum, part) => sum + scaled(part.volume), 0n);
        return {
          time,
          open: Number(parts[0].open),
          high: Math.max(...parts.map((part) => Number(part.high))),
          low: Math.min(...parts.map((part) => Number(part.low))),
          close: Number(parts[parts.length - 1].close),
          volume: Number(`${volume / 100_000_000n}.${String(volume % 100_000_000n).padStart(8, "0")}`),
        };
      });
    }

    test.each([
      ["5m", 300, 4_999],
      ["1h", 3_600, 5_000],
      ["1h", 3_600, 7],
      ["4h", 14_400, 10],
      ["1d", 86_400, 5_000],
      ["1d", 86_400, 2],
    ])("resampled to %s are the candles that one computes on paper (%i s, pages of %i)", async (to, seconds, limit) => {
      const path = `/ohlcv/BTC/USD?interval=${to}&limit=${limit}`;
      const forward = await jsonPages(platform.url, `${path}&from=${LONG_AGO}`);
      const candles = forward.flatMap((answer) => answer.data);
      const expected = coarser(seconds);
      expect(expected.length).toBeGreaterThan(5);
      expectSame(
        candles.map(({ time, open, high, low, close, volume }) => ({ time, open, high, low, close, volume })),
        expected,
      );
      const backward = await jsonPages(platform.url, path);
      expectSame(
        backward.reverse().flatMap((answer) => answer.data),
        candles,
      );
    });
  });

  test("with repeated rows are stored once: the repetitions count as unchanged, real oddities are kept", async () => {
    const name = "BTCUSDT_1h_defects.csv";
    const rows = readCandleFile(name);
    const given = { symbol: "BTC/USDT", interval: "1h", adjustment: "raw", file: candleFile(name) };
    const first = await runImport(platform.url, given);
    expect(first.code).toBe(0);
    expect(refusedLines(first).size).toBe(0);
    expect(countsOf(first)).toEqual({
      read: 1_100,
      stored: 1_096,
      replaced: 0,
      unchanged: 4,
      refused: 0,
      notStored: 0,
    });
    const answers = await jsonPages(platform.url, `/ohlcv/BTC/USDT?interval=1h&from=${LONG_AGO}&limit=5000`);
    const candles = answers.flatMap((answer) => answer.data);
    expect(candles[0]).toMatchObject(toNumbers(rows[0]));
    expect(candles[0].open).toBeGreaterThan(3 * (candles[0].close ?? Number.NaN));
    expectSame(
      candles.map(({ time, open, high, low, close, volume }) => ({ time, open, high, low, close, volume })),
      rows.map(toNumbers).sort((a, b) => a.time - b.time),
    );
    expect(countsOf(await runImport(platform.url, given))).toMatchObject({ stored: 0, replaced: 0, unchanged: 1_100 });
  });
});
