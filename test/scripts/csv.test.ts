import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CsvFileError, type CsvLine, readCsv } from "../../cli/import/csv.ts";
import { readFileFacts } from "../../cli/import/file-facts.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wizdata-csv-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function linesOf(path: string): Promise<CsvLine[]> {
  const lines: CsvLine[] = [];
  for await (const line of readCsv(path)) lines.push(line);
  return lines;
}

async function read(content: string | Uint8Array): Promise<CsvLine[]> {
  const path = join(folder, "candles.csv");
  writeFileSync(path, content);
  return linesOf(path);
}

const rowsOf = async (content: string) => (await read(content)).map(({ row }) => row);

describe("the header", () => {
  test("names the columns in any order and case, of which time and close are needed", async () => {
    expect(await rowsOf("Close, TIME\n5,60\n")).toEqual([{ line: 2, time: "60", close: "5" }]);
  });

  test("may name a column that says which rows are simulated", async () => {
    expect(await rowsOf("time,close,simulated\n60,5,true\n")).toEqual([
      { line: 2, time: "60", close: "5", simulated: "true" },
    ]);
  });

  test("may follow a byte-order mark", async () => {
    expect(await rowsOf("\uFEFFtime,close\n60,5\n")).toEqual([{ line: 2, time: "60", close: "5" }]);
  });

  test.each([
    ["time,close,vwap\n", 'The column "vwap" is not known'],
    ["2024-01-01,1,2,3,4,5\n", 'The column "2024-01-01" is not known'],
    ["time,open,high,low,volume\n", 'The column "close" is missing'],
    ["open,close\n", 'The column "time" is missing'],
    ["time,close,close\n", "A column is named twice"],
    ["time,close,\n", 'The column "" is not known'],
  ])("%j is refused, and the refusal says what would be right", async (content, message) => {
    const failure = await read(`${content}60,5\n`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CsvFileError);
    expect(String(failure)).toContain(message);
    expect(String(failure)).toContain("time,open,high,low,close,volume");
  });
});

describe("rows", () => {
  test("keep their text and their line, past blank lines and with either line ending", async () => {
    const expected = [
      { line: 2, time: "60", open: "", close: "1.50" },
      { line: 4, time: "120", open: "2", close: "3" },
    ];
    expect(await rowsOf("time,open,close\n60,,1.50\n\n120,2,3")).toEqual(expected);
    expect(await rowsOf("time,open,close\r\n60,,1.50\r\n\r\n120,2,3\r\n")).toEqual(expected);
  });

  test("may have quoted cells", async () => {
    expect(await rowsOf('time,close\n"2024-01-01 00:00","5"\n')).toEqual([
      { line: 2, time: "2024-01-01 00:00", close: "5" },
    ]);
  });

  test("with too few or too many fields are broken, and the others are not", async () => {
    expect(await rowsOf("time,close\n60\n120,2\n180,3,4\n")).toEqual([
      { line: 2, reason: "has 1 fields where the first line has 2" },
      { line: 3, time: "120", close: "2" },
      { line: 4, reason: "has 3 fields where the first line has 2" },
    ]);
  });

  test("with a cell that is longer than any number are broken", async () => {
    expect(await rowsOf(`time,close\n60,${"9".repeat(65)}\n120,${"9".repeat(64)}\n`)).toEqual([
      { line: 2, reason: "close has 65 characters" },
      { line: 3, time: "120", close: "9".repeat(64) },
    ]);
  });

  test("report how far into the file they end", async () => {
    const content = "time,close\n60,1\n120,2\n";
    const lines = await read(content);
    expect(lines.map(({ bytes }) => bytes)).toEqual([16, 22]);
    expect(content.length).toBe(22);
  });
});

describe("a file", () => {
  test("that is empty says so", async () => {
    await expect(read("")).rejects.toThrow(new CsvFileError("The file is empty."));
    await expect(read("\n\n")).rejects.toThrow(new CsvFileError("The file is empty."));
  });

  test("with a header alone has no rows", async () => {
    expect(await read("time,close\n")).toEqual([]);
  });

  test("that is not CSV is refused with the parser's reason", async () => {
    await expect(read('time,close\n60,"5\n120,6\n')).rejects.toThrow(/^The file is not CSV: .*Quote/);
  });

  test("that cannot be read is a refusal too", async () => {
    await expect(linesOf(folder)).rejects.toThrow(/cannot be read: EISDIR/);
    await expect(linesOf(join(folder, "none.csv"))).rejects.toThrow(CsvFileError);
  });

  test("of many rows is read whole", async () => {
    const content = Array.from({ length: 30_000 }, (_, i) => `${i * 60},${i + 1}`).join("\n");
    const rows = await rowsOf(`time,close\n${content}`);
    expect(rows.length).toBe(30_000);
    expect(rows.at(-1)).toEqual({ line: 30_001, time: String(29_999 * 60), close: "30000" });
  });
});

describe("the facts of a file", () => {
  test("are its digest, its rows and its latest time, in whatever order they stand", async () => {
    const content = "time,close\n2026-11-18,5\n2026-11-20,6\n2026-11-19,7\nnever,8\n1\n";
    const path = join(folder, "facts.csv");
    writeFileSync(path, content);
    expect(await readFileFacts(path)).toEqual({
      sha256: createHash("sha256").update(content).digest("hex"),
      rows: 5,
      lastTime: Date.parse("2026-11-20") / 1000,
    });
  });
});
