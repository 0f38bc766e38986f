import { describe, expect, test } from "vitest";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import type { ImportChunk, ImportReport } from "../../../contracts/import.ts";
import { DAY, MINUTE } from "../../../core/time.ts";
import { ADMIN, bodyOf, call, ImportAnswer, ImportsAnswer, importCandles, read } from "../client.ts";

const START = Date.parse("2026-11-16T00:00:00Z") / 1000;

type Row = ImportChunk["rows"][number];

/** Two whole days of minutes whose prices go up and down. */
const minutes = (): Row[] =>
  Array.from({ length: (2 * DAY) / MINUTE }, (_, i) => {
    const close = 100 + (i % 97) / 8;
    return {
      line: i + 2,
      time: START + i * MINUTE,
      open: close,
      high: close + 1,
      low: close - 1,
      close,
      volume: (i % 7) / 4,
    };
  });

const report = async (chunk: ImportChunk): Promise<ImportReport> =>
  (await bodyOf(await importCandles(chunk), ImportAnswer)).data;

async function importMinutes(symbol: string): Promise<void> {
  const rows = minutes();
  const file = { file: "minutes.csv", sha256: "ab".repeat(32), rows: rows.length };
  for (let i = 0; i < rows.length; i += 1_000) {
    const last = i + 1_000 >= rows.length;
    await importCandles({
      symbol,
      interval: "1m",
      adjustment: "raw",
      rows: rows.slice(i, i + 1_000),
      import: { ...file, last },
    });
  }
}

const candlesOf = async (symbol: string, interval: string) =>
  read(`/ohlcv/${symbol}?interval=${interval}&from=2026-11-15&to=2026-11-20&limit=1000`, CandlesAnswerSchema);

const facts = ({ data, segments }: Awaited<ReturnType<typeof candlesOf>>) => ({ data, segments });

describe("rows that stored minutes make already", () => {
  test.each(["5m", "15m", "1h", "4h", "1d"] as const)(
    "of %s are unchanged, to the last digit, and stay theirs",
    async (interval) => {
      const symbol = "DOGE/USDT";
      await importMinutes(symbol);
      const before = await candlesOf(symbol, interval);
      expect(before.data.length).toBeGreaterThan(1);
      const rows = before.data.map(({ state, revision, suspect, ...numbers }, i) => ({ line: i + 2, ...numbers }));
      const chunk: ImportChunk = { symbol, interval, adjustment: "raw", rows };
      const unchanged = { stored: 0, replaced: 0, unchanged: rows.length };
      expect(await report({ ...chunk, check_only: true })).toMatchObject(unchanged);
      expect(await report(chunk)).toMatchObject(unchanged);
      expect(facts(await candlesOf(symbol, interval))).toEqual(facts(before));
    },
  );

  test("with one other number are stored as they are", async () => {
    const symbol = "ADA/USDT";
    await importMinutes(symbol);
    const { data } = await candlesOf(symbol, "5m");
    const rows = data.slice(0, 3).map(({ state, revision, suspect, ...numbers }, i) => ({ line: i + 2, ...numbers }));
    rows[1].close = (rows[1].close ?? 0) + 0.125;
    expect(await report({ symbol, interval: "5m", adjustment: "raw", rows })).toMatchObject({
      stored: 1,
      unchanged: 2,
    });
    const after = await candlesOf(symbol, "5m");
    expect(after.data[1].close).toBe(rows[1].close);
    expect(after.data[2]).toEqual(data[2]);
  });
});

describe("checking", () => {
  test("counts what storing then does, over several chunks and with all kinds of rows, and stores nothing", async () => {
    const symbol = "XRP/USDT";
    const row = (day: number, close: number): Row => ({ line: day + 2, time: START - (20 - day) * DAY, close });
    const chunk = (rows: Row[], check_only: boolean): ImportChunk => ({
      symbol,
      interval: "1d",
      keep_good: true,
      rows,
      check_only,
    });
    await report(chunk([row(0, 10), row(1, 11), row(2, 12)], false));
    const before = await candlesOf(symbol, "1d");
    const listed = async () =>
      (await bodyOf(await call(`/admin/imports?symbol=${symbol}`, { headers: ADMIN }), ImportsAnswer)).data.length;
    const imports = await listed();
    const next = [
      row(1, 11),
      row(2, 13),
      row(3, 14),
      { ...row(3, 14), line: 99 },
      row(4, -1),
      row(5, 1_400),
      row(6, 15),
    ];
    const checked = await report(chunk(next, true));
    expect(checked).toMatchObject({ stored: 3, replaced: 1, unchanged: 2, refused: [{ line: 6 }] });
    expect(checked.suspect).toEqual([{ line: 7, reason: expect.any(String) }]);
    expect(facts(await candlesOf(symbol, "1d"))).toEqual(facts(before));
    expect(await listed()).toBe(imports);
    const { suspect, ...counts } = checked;
    expect(await report(chunk(next, false))).toMatchObject(counts);
    expect(await report(chunk(next, true))).toMatchObject({ stored: 0, replaced: 0, unchanged: 6 });
  });
});
