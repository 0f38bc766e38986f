import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../scripts/ports.ts";
import { type PaperCandle, parseCandles } from "./candle-files.ts";
import { csvPages, expectSame, jsonPage } from "./candle-pages.ts";
import { runCli } from "./command.ts";
import { countsOf, refusedLines, runImport } from "./import-command.ts";
import { dataFolder, type Platform, removeFolder, startPlatform, TOKEN } from "./platform.ts";

const HEADER = "time,open,high,low,close,volume";
const MINUTES = 5_000;
const CHUNK_ROWS = 2_000;

/** Bad lines by their number in the file, of which the first is in the second chunk and the last in the third. */
const BAD: Record<number, { text: string; reason: RegExp }> = {
  2500: { text: "2024-01-02T17:38:00Z,10,9,11,10,1", reason: /^high 9 is below low 11$/ },
  2501: { text: "2024-01-02T17:39:00Z,10,11,9,ten,1", reason: /^close is "ten"; it must be a plain decimal/ },
  2600: { text: "2024-01-02T19:18:00Z,10,11,9,10", reason: /^has 5 fields where the first line has 6$/ },
  3001: { text: "2024-01-01T00:00:00Z,10,11,9,10,2", reason: /^has the time of line 2 but other numbers$/ },
  4502: { text: "2024-01-04T03:00:30Z,10,11,9,10,1", reason: /does not open a 1m candle/ },
  4900: { text: `2024-01-04T09:38:00Z,10,11,9,${"1".repeat(200)},1`, reason: /^close has 200 characters$/ },
};

/** Five thousand minutes, line by line as a file has them from its second line on. */
function minuteLines(): string[] {
  return Array.from({ length: MINUTES }, (_, i) => {
    const time = new Date(Date.UTC(2024, 0, 1) + i * 60_000).toISOString();
    const open = 100 + (i % 50) / 8;
    return `${time},${open},${open + 1.25},${open - 0.5},${open + 0.125},${i % 7 === 0 ? "" : i / 1000}`;
  });
}

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

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const pathOf = (symbol: string) => `/ohlcv/${symbol}?interval=1m&from=2024-01-01&to=2024-01-10&limit=5000`;

const stored = async (symbol: string) => (await csvPages(platform.url, `${pathOf(symbol)}&format=csv`)).flat();

async function isSimulated(symbol: string): Promise<boolean> {
  return (await jsonPage(platform.url, `/ohlcv/${symbol}?interval=1d&limit=2`)).simulated;
}

describe("a file with bad rows", () => {
  const lines = minuteLines().map((line, i) => BAD[i + 2]?.text ?? line);
  const good = minuteLines().filter((_, i) => !(i + 2 in BAD));
  const csv = [HEADER, ...lines].join("\n");
  const candles = (rows: string[]): PaperCandle[] => parseCandles([HEADER, ...rows].join("\n"));
  const given = { symbol: "ETH/USDT", interval: "1m", adjustment: "raw" };

  function expectAllNamed(refused: Map<number, string>): void {
    expect([...refused.keys()]).toEqual(Object.keys(BAD).map(Number));
    for (const [line, reason] of refused) expect(reason).toMatch(BAD[line].reason);
  }

  test("is checked with --check: every bad line is named and nothing is stored", async () => {
    const checked = await runImport(platform.url, { ...given, file: file("bad.csv", csv), flags: ["--check"] });
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/^Checked .*bad\.csv for ETH\/USDT 1m/m);
    expectAllNamed(refusedLines(checked));
    expect(countsOf(checked)).toEqual({
      read: MINUTES,
      stored: CHUNK_ROWS,
      replaced: 0,
      unchanged: 0,
      refused: 6,
      notStored: MINUTES - CHUNK_ROWS - 6,
    });
    expect(await isSimulated("ETH/USDT")).toBe(true);
  });

  test("stores nothing from its first bad chunk on, and names every bad line", async () => {
    const imported = await runImport(platform.url, { ...given, file: file("bad.csv", csv) });
    expect(imported.code).toBe(1);
    expectAllNamed(refusedLines(imported));
    expect(countsOf(imported)).toEqual({
      read: MINUTES,
      stored: CHUNK_ROWS,
      replaced: 0,
      unchanged: 0,
      refused: 6,
      notStored: MINUTES - CHUNK_ROWS - 6,
    });
    expect(imported.stdout).toContain("store the good rows with --keep-good");
    expect(await isSimulated("ETH/USDT")).toBe(false);
    expectSame(await stored("ETH/USDT"), candles(good.slice(0, CHUNK_ROWS)));
  });

  test("stores all its good rows with --keep-good", async () => {
    const flags = ["--keep-good"];
    const imported = await runImport(platform.url, { ...given, file: file("bad.csv", csv), flags });
    expect(imported.code).toBe(1);
    expectAllNamed(refusedLines(imported));
    expect(countsOf(imported)).toEqual({
      read: MINUTES,
      stored: MINUTES - CHUNK_ROWS - 6,
      replaced: 0,
      unchanged: CHUNK_ROWS,
      refused: 6,
      notStored: 0,
    });
    expectSame(await stored("ETH/USDT"), candles(good));
  });

  test("may be corrected: then the rows that were bad are stored, and those that differ are replaced", async () => {
    const corrected = minuteLines();
    corrected[0] = corrected[0].replace(/,[^,]*$/, ",123.456");
    const imported = await runImport(platform.url, {
      ...given,
      file: file("good.csv", [HEADER, ...corrected].join("\r\n")),
    });
    expect(imported.code).toBe(0);
    expect(countsOf(imported)).toMatchObject({ stored: 6, replaced: 1, unchanged: MINUTES - 7 });
    expectSame(await stored("ETH/USDT"), candles(corrected));
    const answer = await jsonPage(platform.url, pathOf("ETH/USDT"));
    expect(answer.data[0]).toMatchObject({ volume: 123.456, state: "revised", revision: 1 });
    expect(answer.data[1]).toMatchObject({ state: "closed", revision: 0 });
  });
});

describe("an import that cannot begin says why in one sentence and stores nothing", () => {
  const row = "2024-01-01T00:00:00Z,10,11,9,10,1";
  const good = `${HEADER}\n${row}\n`;
  const given = { symbol: "SOL/USDT", interval: "1m", adjustment: "raw" };

  test.each([
    [
      "no column of times",
      "open,close\n1,1\n",
      /^Which columns hold the time and the close is not known: line 1 has "open"/,
    ],
    [
      "no column of closes",
      "time,open\n60,1\n",
      /^Which columns hold .* Name them, as --map time=Date,close="Adj Close"/,
    ],
    ["two columns of closes", "time,close,close\n60,1,2\n", /can both be the close: say which, as --map close=2/],
    ["no table", "some words\nand others\n", /^The file is no table of candles/],
    ["nothing at all", "", /^The file is empty\.$/],
    ["a header alone", `${HEADER}\n`, /^The file has no rows below the names of its columns\.$/],
    ["a quote that never ends", `${HEADER}\n"2024`, /^The file is not CSV: .*\.$/],
    [
      "a web page in it",
      "<!DOCTYPE html>\n<html><body>Log in</body></html>\n",
      /^The file is a web page, and no table/,
    ],
    ["JSON in it", '{"time": 60, "close": 1}\n', /^The file is JSON, and no table of candles: export it as CSV\.$/],
    ["bytes that are no text", "time\u0000\u0001\u0000close,\u0002\n", /^The file is a binary file, and no table/],
  ])("a file with %s", async (_, content, message) => {
    const { code, stderr, stdout } = await runImport(platform.url, { ...given, file: file("broken.csv", content) });
    expect(stdout).toBe("");
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
    expect(code).toBe(2);
  });

  test.each([
    ["a file that is not there", { file: "/nowhere/candles.csv" }, /^There is no file \/nowhere\/candles\.csv\.$/],
    [
      "a folder without candles",
      { file: "/proc/self/task" },
      /^The folder \/proc\/self\/task has no files of candles: /,
    ],
    [
      "a wrong token",
      { token: "wrong" },
      /^http:\/\/127\.0\.0\.1:\d+ refuses: The key is unknown, expired or revoked\. The token is ADMIN_TOKEN, /,
    ],
    [
      "a symbol that is none, with the nearest one",
      { symbol: "APPL" },
      /^http:\/\/127\.0\.0\.1:\d+ refuses: APPL is not a symbol of the registry\. Did you mean .*AAPL.*\?$/,
    ],
    [
      "an alias with several meanings",
      { symbol: "BTC" },
      /^http:\/\/127\.0\.0\.1:\d+ refuses: BTC is ambiguous: BTC\/USD, BTC\/USDT\. Use one of these\.$/,
    ],
    ["an interval that is none", { interval: "2h" }, /^--interval is "2h"; it must be one of 1m, 5m, .*1M\.$/],
    [
      "an adjustment that is none",
      { adjustment: "none" },
      /^--adjustment is "none"; it must be one of raw, split, split_dividend, unknown\.$/,
    ],
    ["an option that is none", { flags: ["--dry"] }, /^Unknown option '--dry'.* --help explains\.$/],
  ])("%s", async (_, wrong, message) => {
    const path = file("good-row.csv", good);
    const { code, stderr, stdout } = await runImport(platform.url, { ...given, file: path, ...wrong });
    expect(stdout).toBe("");
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
    expect(code).toBe(2);
  });

  test("a platform that does not run", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await runImport(url, { ...given, file: file("good-row.csv", good) });
    expect(stderr).toBe(`${url} does not answer. Is the platform running? --url names another one.\n`);
    expect(code).toBe(2);
  });

  test.each([
    [["--interval", "1d"], /^The name of the file does not say its symbol: add it, as --symbol JSE:NPN\.$/],
    [["--symbol", "AAPL"], /^The name of the file does not say its interval: add it, as --interval 1d\.$/],
  ])("a file alone with %j", async (args, message) => {
    const given = ["--file", file("some-candles.csv", good), "--url", platform.url, ...args];
    const { code, stderr } = await runCli(["import", ...given], { ADMIN_TOKEN: TOKEN });
    expect(stderr.trimEnd()).toMatch(message);
    expect(code).toBe(2);
  });

  test("no file", async () => {
    const { code, stderr } = await runCli(["import", "--symbol", "AAPL", "--interval", "1d"]);
    expect(stderr).toBe("--file is missing, such as --file candles.csv. --help explains.\n");
    expect(code).toBe(2);
  });

  test("and the symbol is still simulated after all these", async () => {
    expect(await isSimulated("SOL/USDT")).toBe(true);
  });
});

test("--help explains every option", async () => {
  const { code, stdout } = await runCli(["import", "--help"]);
  expect(code).toBe(0);
  for (const option of ["symbol", "interval", "file", "adjustment", "keep-good", "check", "url", "timezone", "map"]) {
    expect(stdout).toContain(`--${option}`);
  }
});
