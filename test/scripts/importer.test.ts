import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChunkReport, type ImportOptions, importRows, type RowBatch } from "../../cli/import/importer.ts";
import { emptyTotals } from "../../cli/import/totals.ts";
import { Interrupted } from "../../cli/platform/failures.ts";
import type { ImportChunk } from "../../contracts/import.ts";
import { type CandleRow, type RefusedRow, readCandleRows } from "../../core/candle-rows.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";

const RULES = { market: marketOf("CRYPTO"), interval: "1m", now: 4e9, negativePrices: false } as const;

/** A platform in memory that judges rows as the real one does and keeps closes by time. */
function fakePlatform() {
  const closes = new Map<number, number | null>();
  const chunks: ImportChunk[] = [];
  const send = async (chunk: ImportChunk): Promise<ChunkReport> => {
    chunks.push(chunk);
    const { candles, refused } = readCandleRows(chunk.rows, RULES);
    const counts = { stored: 0, replaced: 0, unchanged: 0 };
    const isStored = !chunk.check_only && (refused.length === 0 || chunk.keep_good);
    if (isStored || chunk.check_only) {
      counts.unchanged = chunk.rows.length - refused.length - candles.length;
      for (const { time, close } of candles) {
        if (!closes.has(time)) counts.stored++;
        else if (closes.get(time) === close) counts.unchanged++;
        else counts.replaced++;
        if (isStored) closes.set(time, close);
      }
    }
    return { symbol: chunk.symbol, rows: chunk.rows.length, ...counts, refused };
  };
  return { closes, chunks, send };
}

const OPTIONS: ImportOptions = {
  symbol: "BTC/USD",
  interval: "1m",
  adjustment: "raw",
  keepGood: false,
  checkOnly: false,
};

/** Rows three at a time. */
async function* batchesOf(rows: (CandleRow | RefusedRow)[]): AsyncGenerator<RowBatch> {
  for (let i = 0; i < rows.length; i += 3) yield { rows: rows.slice(i, i + 3), bytes: 10 * (i + 3) };
}

type FlatTotals = Record<"read" | "stored" | "replaced" | "unchanged" | "withheld", number> & { refused: RefusedRow[] };

async function run(
  rows: (CandleRow | RefusedRow)[],
  platform: ReturnType<typeof fakePlatform>,
  options: Partial<ImportOptions> = {},
  chunkRows?: number,
): Promise<FlatTotals> {
  const given = { ...OPTIONS, ...options };
  const totals = await importRows(batchesOf(rows), given, platform.send, () => {}, undefined, chunkRows);
  const { read, stored, replaced, unchanged, withheld, refused } = totals;
  expect(refused.count).toBe(refused.rows.length);
  return { read, stored, replaced, unchanged, withheld, refused: refused.rows };
}

/** The candle of a minute, in the line of a file. */
const row = (line: number, minute: number, close: string | number): CandleRow => ({ line, time: minute * 60, close });

const minutes = (count: number): CandleRow[] => Array.from({ length: count }, (_, i) => row(i + 2, i, 100 + i));

describe("chunks of a file", () => {
  const file = { file: "btc.csv", sha256: "ab".repeat(32), rows: 2_000 };
  const lasts = (platform: ReturnType<typeof fakePlatform>) =>
    platform.chunks.map((chunk) => [chunk.import?.last, chunk.check_only, chunk.rows.length]);

  test("name it, and the last says that it is", async () => {
    const platform = fakePlatform();
    await run(minutes(4_000), platform, { file, force: true, adjustedAsOf: "2026-11-20" });
    expect(lasts(platform)).toEqual([
      [false, false, 2_000],
      [true, false, 2_000],
    ]);
    expect(platform.chunks[0]).toMatchObject({ import: file, force: true, adjusted_as_of: "2026-11-20" });
  });

  test("end with one without rows where the last ones need not be sent", async () => {
    const platform = fakePlatform();
    await run([...minutes(10), row(12, 0, 100), row(13, 1, 101)], platform, { file }, 10);
    expect(lasts(platform)).toEqual([
      [false, false, 10],
      [true, false, 0],
    ]);
  });

  test("end with one that is only checked where bad lines were found here", async () => {
    const platform = fakePlatform();
    await run([...minutes(10), { line: 12, reason: "has 2 fields" }], platform, { file }, 10);
    expect(lasts(platform)).toEqual([
      [false, false, 10],
      [true, true, 0],
    ]);
  });

  test("begin no import where all is only checked", async () => {
    const platform = fakePlatform();
    await run(minutes(10), platform, { file, checkOnly: true });
    expect(lasts(platform)).toEqual([[undefined, true, 10]]);
  });
});

describe("chunks", () => {
  test("hold at most 2,000 rows, and every row is in one of them, in order", async () => {
    const platform = fakePlatform();
    const totals = await run(minutes(4_500), platform);
    expect(platform.chunks.map((chunk) => chunk.rows.length)).toEqual([2_000, 2_000, 500]);
    expect(platform.chunks.flatMap((chunk) => chunk.rows.map(({ line }) => line))).toEqual(
      minutes(4_500).map(({ line }) => line),
    );
    expect(totals).toEqual({ read: 4_500, stored: 4_500, replaced: 0, unchanged: 0, refused: [], withheld: 0 });
  });

  test("say what the import is for, and whether good rows of a bad chunk are kept", async () => {
    const platform = fakePlatform();
    await run(minutes(3), platform, { keepGood: true });
    expect(platform.chunks).toEqual([
      {
        symbol: "BTC/USD",
        interval: "1m",
        adjustment: "raw",
        keep_good: true,
        check_only: false,
        rows: minutes(3),
      },
    ]);
  });

  test("say how far into the file they are", async () => {
    const offsets: number[] = [];
    const progress = (bytes: number) => offsets.push(bytes);
    await importRows(batchesOf(minutes(5)), OPTIONS, fakePlatform().send, progress);
    expect(offsets).toEqual([30, 60]);
  });

  test("end where the user ends them, between two of them, and what was stored is counted", async () => {
    const platform = fakePlatform();
    const controller = new AbortController();
    const totals = emptyTotals();
    const send = async (chunk: ImportChunk) => {
      if (platform.chunks.length === 1) controller.abort();
      return platform.send(chunk);
    };
    const options = { ...OPTIONS, signal: controller.signal };
    const work = importRows(batchesOf(minutes(10)), options, send, () => {}, totals, 2);
    await expect(work).rejects.toThrow(Interrupted);
    expect(totals.stored).toBe(4);
    expect(platform.closes.size).toBe(4);
  });

  test("are none where the file has no rows", async () => {
    const platform = fakePlatform();
    expect((await run([], platform)).read).toBe(0);
    expect(platform.chunks).toEqual([]);
  });
});

describe("a bad row", () => {
  const bad = [...minutes(4), row(6, 4, "none"), row(7, 5, 105), row(8, 6, 106), row(9, 7, -1)];

  test("keeps its chunk and all that follow out, and later bad rows are named too", async () => {
    const platform = fakePlatform();
    const totals = await run(bad, platform, {}, 3);
    expect([...platform.closes.keys()]).toEqual([0, 60, 120]);
    expect(platform.chunks.map((chunk) => chunk.check_only)).toEqual([false, false, true]);
    expect(totals.refused.map(({ line }) => line)).toEqual([6, 9]);
    expect(totals).toMatchObject({ read: 8, stored: 3, withheld: 3 });
  });

  test("keeps out only itself where good rows are to be kept", async () => {
    const platform = fakePlatform();
    const totals = await run(bad, platform, { keepGood: true }, 3);
    expect(totals).toMatchObject({ read: 8, stored: 6, withheld: 0 });
    expect(totals.refused.map(({ line }) => line)).toEqual([6, 9]);
  });

  test("that is no row at all is never sent, and its chunk is only checked", async () => {
    const platform = fakePlatform();
    const broken = { line: 3, reason: "has 2 fields where the first line has 6" };
    const totals = await run([row(2, 0, 1), broken, row(4, 2, 1)], platform);
    expect(platform.chunks.map((chunk) => [chunk.check_only, chunk.rows.length])).toEqual([[true, 2]]);
    expect(totals).toMatchObject({ read: 3, stored: 0, refused: [broken], withheld: 2 });
  });

  test("alone in its chunk keeps out what follows", async () => {
    const platform = fakePlatform();
    const broken = (line: number) => ({ line, reason: "is no row" });
    const totals = await run([broken(2), broken(3), row(4, 0, 1)], platform, {}, 2);
    expect(totals).toMatchObject({ stored: 0, refused: [broken(2), broken(3)], withheld: 1 });
  });

  test("does not occupy its time: a later good row may have it", async () => {
    for (const chunkRows of [1, 10]) {
      const platform = fakePlatform();
      const totals = await run([row(2, 0, -5), row(3, 0, 5)], platform, { keepGood: true }, chunkRows);
      expect(totals.refused.map(({ line }) => line)).toEqual([2]);
      expect(platform.closes).toEqual(new Map([[0, 5]]));
    }
  });

  test("that is there twice is refused twice", async () => {
    for (const chunkRows of [1, 10]) {
      const totals = await run([row(2, 0, -5), row(3, 0, -5)], fakePlatform(), { keepGood: true }, chunkRows);
      expect(totals.refused.map(({ line }) => line)).toEqual([2, 3]);
      expect(totals.unchanged).toBe(0);
    }
  });

  test("that repeats the time of a good row is refused for its own fault", async () => {
    const totals = await run([row(2, 0, 5), row(3, 0, "five")], fakePlatform(), { keepGood: true }, 1);
    expect(totals.refused).toEqual([
      { line: 3, reason: 'close is "five"; it must be a plain decimal such as 1234.56' },
    ]);
  });
});

describe("rows with one time", () => {
  test("are one candle where they agree, in one chunk or in several, however the numbers are spelt", async () => {
    for (const chunkRows of [1, 2, 10]) {
      const platform = fakePlatform();
      const rows = [row(2, 0, "5"), row(3, 1, "6"), row(4, 0, " 5.00"), { ...row(5, 0, 5), volume: "" }];
      const totals = await run(rows, platform, {}, chunkRows);
      expect(totals).toEqual({ read: 4, stored: 2, replaced: 0, unchanged: 2, refused: [], withheld: 0 });
    }
  });

  test("are refused from the second on where they disagree, in one chunk or in several", async () => {
    for (const chunkRows of [1, 2, 10]) {
      const platform = fakePlatform();
      const totals = await run([row(2, 0, 5), row(3, 1, 6), row(4, 0, 7)], platform, { keepGood: true }, chunkRows);
      expect(totals.refused).toEqual([{ line: 4, reason: "has the time of line 2 but other numbers" }]);
      expect(platform.closes.get(0)).toBe(5);
    }
  });

  test("count as not stored where the first of them was held back", async () => {
    const totals = await run([row(2, 0, -1), row(3, 1, 6), row(4, 1, 6)], fakePlatform(), {}, 2);
    expect(totals).toMatchObject({ stored: 0, unchanged: 0, withheld: 2 });
  });
});

test("checking stores nothing, names every bad row, and counts what storing would", async () => {
  const platform = fakePlatform();
  const file = [...minutes(5), row(7, 5, -1), row(8, 0, 1)];
  const checked = await run(file, platform, { checkOnly: true }, 2);
  expect(platform.closes.size).toBe(0);
  expect(checked).toMatchObject({ read: 7, stored: 4, replaced: 0, unchanged: 0, withheld: 1 });
  expect(checked.refused.map(({ line }) => line)).toEqual([7, 8]);
  expect(await run(file, platform, {}, 2)).toEqual(checked);
});

test("importing the same rows again changes nothing", async () => {
  const platform = fakePlatform();
  await run(minutes(50), platform, {}, 7);
  const again = await run(minutes(50), platform, {}, 11);
  expect(again).toEqual({ read: 50, stored: 0, replaced: 0, unchanged: 50, refused: [], withheld: 0 });
});

describe("for any file", () => {
  /** Few times and few closes, so that repetitions, contradictions and bad rows are frequent. */
  const rows = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom("1", "2", "3", "0", "none", "broken")), {
      maxLength: 40,
    })
    .map((cells) =>
      cells.map(([minute, close], i): CandleRow | RefusedRow =>
        close === "broken" ? { line: i + 2, reason: "is broken" } : row(i + 2, minute, close),
      ),
    );
  const settings = fc.record({ keepGood: fc.boolean(), checkOnly: fc.boolean() });
  const chunkRows = fc.integer({ min: 1, max: 12 });

  /** A row may be bad in two ways, and which one is named may depend on the chunk: its line does not. */
  const counted = (totals: FlatTotals) => ({ ...totals, refused: totals.refused.map(({ line }) => line) });

  test("each row is counted once", async () => {
    await fc.assert(
      fc.asyncProperty(rows, settings, chunkRows, async (file, options, size) => {
        const totals = await run(file, fakePlatform(), options, size);
        const { read, stored, replaced, unchanged, refused, withheld } = totals;
        expect(read).toBe(file.length);
        expect(stored + replaced + unchanged + refused.length + withheld).toBe(read);
        expect(Math.min(stored, replaced, unchanged, withheld)).toBeGreaterThanOrEqual(0);
        expect(new Set(refused.map(({ line }) => line)).size).toBe(refused.length);
      }),
    );
  });

  test("where chunks end does not matter to which rows are refused, nor to what is kept of the good ones", async () => {
    await fc.assert(
      fc.asyncProperty(rows, chunkRows, async (file, size) => {
        const whole = fakePlatform();
        const parts = fakePlatform();
        const expected = await run(file, whole, { keepGood: true }, 1_000);
        const totals = await run(file, parts, { keepGood: true }, size);
        expect(counted(totals)).toEqual(counted(expected));
        expect(parts.closes).toEqual(whole.closes);
        const checked = await run(file, fakePlatform(), { checkOnly: true }, size);
        expect(counted(checked).refused).toEqual(counted(expected).refused);
      }),
    );
  });

  test("importing again what was imported stores and replaces nothing", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), chunkRows, async (file, keepGood, size) => {
        const platform = fakePlatform();
        const first = await run(file, platform, { keepGood }, size);
        const again = await run(file, platform, { keepGood }, size);
        expect(again).toMatchObject({ stored: 0, replaced: 0, refused: first.refused, withheld: first.withheld });
      }),
    );
  });
});
