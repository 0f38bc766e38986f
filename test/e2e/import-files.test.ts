import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/dev-vars.ts";
import { parseCandles } from "./candle-files.ts";
import { csvPages, expectSame, jsonPage } from "./candle-pages.ts";
import { plainEnvironment, runCli } from "./command.ts";
import { countsOf, refusedLines, runImport } from "./import-command.ts";
import { madeMinutes } from "./made-candles.ts";
import { dataFolder, type Platform, removeFolder, startPlatform, TOKEN } from "./platform.ts";
import { zipOf } from "./zip.ts";

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

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const runFiles = (...args: string[]) => runCli(["import", "--url", platform.url, ...args], { ADMIN_TOKEN: TOKEN });

async function jsonOf(...args: string[]) {
  const { stdout, stderr } = await runFiles(...args, "--json");
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

const CSV = "time,open,high,low,close,volume\n2024-01-02,10,12,9,11,100\n2024-01-03,11,13,10,12,\n";
const CLOSES = [11, 12];

const storedCloses = async (symbol: string, interval = "1d") =>
  (await jsonPage(platform.url, `/ohlcv/${symbol}?interval=${interval}&from=2024-01-01&to=2024-02-01`)).data.map(
    ({ close }) => close,
  );

describe("the same table, written otherwise, is the same candles:", () => {
  const utf16 = (text: string, big: boolean, mark: boolean): Buffer => {
    const bytes = Buffer.from(mark ? `\uFEFF${text}` : text, "utf16le");
    return big ? bytes.swap16() : bytes;
  };

  test.each<[string, string, string | Uint8Array]>([
    ["UTF-8 with a mark", "JSE:ABG", `\uFEFF${CSV}`],
    ["UTF-16, little-endian, with a mark", "JSE:AGL", utf16(CSV, false, true)],
    ["UTF-16, big-endian, with a mark", "JSE:ANG", utf16(CSV, true, true)],
    ["UTF-16 without a mark", "JSE:BTI", utf16(CSV, false, false)],
    ["lines of Windows", "JSE:BID", CSV.replaceAll("\n", "\r\n")],
    ["lines of an old Mac", "JSE:CPI", CSV.replaceAll("\n", "\r")],
    ["gzip", "JSE:DSY", gzipSync(CSV)],
    ["gzip in two parts", "JSE:FSR", Buffer.concat([gzipSync(CSV.slice(0, 50)), gzipSync(CSV.slice(50))])],
    ["zip", "JSE:GFI", zipOf([["folder/candles.csv", CSV]])],
    [
      "zip with what a Mac adds",
      "JSE:GRT",
      zipOf([
        ["__MACOSX/._c.csv", "\u0000"],
        ["c.csv", CSV],
        ["readme.md", "# no"],
      ]),
    ],
    ["Windows-1252", "JSE:IMP", Buffer.from(CSV.replace("volume", "Börse").replace(/,\d*$/gm, ",x"), "latin1")],
  ])("%s", async (name, symbol, content) => {
    // The ending of a name does not say what is in the file.
    const path = file(`${name.replaceAll(/\W/g, "-")}.csv`, content);
    const report = await jsonOf("--file", path, "--symbol", symbol, "--interval", "1d");
    expect(report).toMatchObject({ error: null, stored: 2, refused: [], first: { time: "2024-01-02", close: 11 } });
    expect(await storedCloses(symbol)).toEqual(CLOSES);
  });

  test("Windows-1252 is said", async () => {
    const path = file("1252.csv", Buffer.from("time,close,Größe\n2024-01-02,1,2\n", "latin1"));
    const report = await jsonOf("--file", path, "--symbol", "JSE:VOD", "--interval", "1d", "--check");
    expect(report.assumed).toEqual(["the text is in Windows-1252, for it is no UTF-8"]);
    expect(report.ignored).toEqual(["Größe"]);
  });
});

describe("an archive", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["that is cut off", zipOf([["c.csv", CSV]]).subarray(0, 60), /^The archive .* cannot be read: /],
    ["of gzip that is cut off", gzipSync(CSV).subarray(0, 40), /^The file cannot be read: unexpected end of file\.$/],
    ["without files", zipOf([]), /^The archive is empty\.$/],
    ["with a password", zipOf([["c.csv", CSV]], { encrypted: true }), /^The archive needs a password: unpack it/],
    ["that is a spreadsheet", zipOf([["[Content_Types].xml", "<x/>"]]), /^The file is a spreadsheet, and no table/],
    ["of zeros", gzipSync(Buffer.alloc(200_000_000)), /^The file is a binary file, and no table of candles/],
    ["of one endless line", gzipSync(Buffer.alloc(100_000_000, "1")), /^The file is (?:no table of candles|not CSV): /],
  ])("%s says so in a sentence", async (name, content, message) => {
    const path = file(`${name.replaceAll(/\W/g, "-")}.zip`, content);
    const { code, stderr } = await runFiles("--file", path, "--symbol", "JSE:WHL", "--interval", "1d");
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
    expect(code).toBe(2);
  });

  test("is no way out of the memory: an entry is read as it comes", async () => {
    const line = "2024-01-02,10,12,9,11,100\n";
    const rows = `${CSV}${line.repeat(300_000)}`;
    const packed = zipOf([["c.csv", rows]], { compress: (bytes) => deflateRawSync(bytes, { level: 9 }) });
    expect(packed.length).toBeLessThan(rows.length / 100);
    const path = file("repeated.zip", packed);
    const args = ["import", "--url", platform.url, "--file", path, "--symbol", "JSE:WHL", "--interval", "1d", "--json"];
    const memory = ["--max-old-space-size=96", join(ROOT, "cli", "wizdata.ts"), ...args];
    const { execFile } = await import("node:child_process");
    const stdout = await new Promise<string>((resolve, reject) => {
      const env = plainEnvironment({ ADMIN_TOKEN: TOKEN });
      execFile(process.execPath, memory, { env, timeout: 120_000 }, (error, out) =>
        error ? reject(error) : resolve(out),
      );
    });
    expect(JSON.parse(stdout)).toMatchObject({ stored: 2, unchanged: 300_000, error: null });
  }, 150_000);
});

describe("several files in one call", () => {
  test("of a folder: symbol and interval come from the names of vendors, and the others are passed over by name", async () => {
    const hours = (start: number) =>
      Array.from({ length: 3 }, (_, i) => `${start + i * 3_600_000},1,2,0.5,1.5,10,${start + 1},1,1,1,1,0`).join("\n");
    file("archive/BTCUSDT-1h-2024-01.csv", hours(Date.UTC(2024, 0, 5)));
    file("archive/ETHUSDT-1h-2024-01.zip", zipOf([["ETHUSDT-1h-2024-01.csv", hours(Date.UTC(2024, 0, 6))]]));
    file("archive/AAPL_1d.csv", CSV);
    file("archive/notes.md", "# mine");
    file("archive/.hidden.csv", CSV);
    const { code, stdout, stderr } = await runFiles("--file", join(folder, "archive"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Passed over, for they are no files of candles: .*notes\.md\.\n$/);
    expect(stdout).toMatch(/AAPL_1d\.csv: wizdata, 2 rows of AAPL 1d, 2024-01-02 to 2024-01-03/);
    expect(stdout).toMatch(/BTCUSDT-1h-2024-01\.csv: binance, 3 rows of BTC\/USDT 1h/);
    expect(stdout).toMatch(/In all 3 files\n {2}rows read +8/);
    expect(stdout.match(/^ {2}stored +\d+/gm)?.map((line) => Number(line.slice(8)))).toEqual([2, 3, 3, 8]);
    expect(await storedCloses("ETH/USDT", "1h")).toEqual([1.5, 1.5, 1.5]);
  });

  test("goes on after one that fails, and says so in the report", async () => {
    const good = file("some/KO_1d.csv", CSV);
    const bad = file("some/AMZN_1d.csv", "<html>not today</html>");
    const none = file("some/NOSUCH_1d.csv", CSV);
    const reports = await jsonOf("--file", bad, "--file", none, "--file", good);
    expect(reports).toMatchObject([
      { file: bad, symbol: null, rows: null, error: expect.stringMatching(/^The file is a web page/) },
      { file: none, error: expect.stringContaining("NOSUCH is not a symbol of the registry") },
      { file: good, symbol: "KO", stored: 2, error: null },
    ]);
    const { code, stdout, stderr } = await runFiles("--file", bad, "--file", good);
    expect(code).toBe(1);
    expect(stdout).toContain("In all 2 files, 1 of which failed");
    expect(stderr).toContain(`${bad}: The file is a web page`);
  });

  test("of one archive are each a file", async () => {
    const entries = ["GOOGL_1d.csv", "AMZN_1d.csv"].map((name): [string, string] => [name, CSV]);
    const path = file("both.zip", zipOf(entries));
    expect(await jsonOf("--file", path)).toMatchObject([
      { file: `${path}/GOOGL_1d.csv`, symbol: "GOOGL", stored: 2 },
      { file: `${path}/AMZN_1d.csv`, symbol: "AMZN", stored: 2 },
    ]);
  });

  test("of the same series may overlap, and a file that is named twice is one", async () => {
    const first = file("months/a.csv", CSV);
    const second = file("months/b.csv", CSV.replace("2024-01-02", "2024-01-04"));
    const given = ["--symbol", "META", "--interval", "1d"];
    const reports = await jsonOf("--file", first, "--file", second, "--file", first, ...given);
    expect(reports).toMatchObject([{ stored: 2 }, { stored: 1, unchanged: 1 }]);
  });
});

describe("prices in another unit than the stored ones", () => {
  const days = (factor: number): string =>
    `time,close\n${[2_750, 2_760, 2_740].map((close, i) => `2024-03-0${4 + i},${close * factor}`).join("\n")}\n`;
  const given = ["--symbol", "JSE:SOL", "--interval", "1d"];

  test("are not compared with the simulator's", async () => {
    expect(await jsonOf("--file", file("cents.csv", days(1)), ...given)).toMatchObject({ stored: 3, error: null });
  });

  test("are refused, with what would say it; --check says the same", async () => {
    const rand = file("rand.csv", days(0.01));
    for (const flags of [[], ["--check"]]) {
      const report = await jsonOf("--file", rand, ...given, ...flags);
      expect(report.error).toMatch(/^The unit is not sure: closes of the file are about 100 times below .* JSE:SOL/);
      expect(report.error).toMatch(/--unit major if the file is in ZAR, or --unit quoted if it is in ZAc all the same/);
      expect(report).toMatchObject({ stored: 0, replaced: 0, unchanged: 0 });
    }
  });

  test("are the same prices with --unit major, to the last digit", async () => {
    const report = await jsonOf("--file", file("rand.csv", days(0.01)), ...given, "--unit", "major");
    expect(report).toMatchObject({ stored: 0, replaced: 0, unchanged: 3, error: null });
    expect(report.assumed).toContain("prices are multiplied by 100");
  });

  test("are stored as they stand with --unit quoted", async () => {
    const next = "time,close\n2024-03-07,27.5\n";
    expect((await jsonOf("--file", file("next.csv", next), ...given)).error).toMatch(/^The unit is not sure/);
    const report = await jsonOf("--file", file("next.csv", next), ...given, "--unit", "quoted");
    expect(report).toMatchObject({ stored: 1, first: { close: 27.5 } });
  });
});

test("--check says what would happen, and then it happens", async () => {
  const given = ["--symbol", "NVDA", "--interval", "1d"];
  const path = file("first.csv", CSV);
  await jsonOf("--file", path, ...given);
  const next = `${CSV.replace("11,100", "11.5,100")}2024-01-04,1,2,0.5,1.5,5\n2024-01-05,0,0,0,0,0\n`;
  const changed = file("next-nvda.csv", next);
  const checked = await jsonOf("--file", changed, ...given, "--keep-good", "--check");
  expect(checked).toMatchObject({ stored: 1, replaced: 1, unchanged: 1, refused: [{ line: 5 }] });
  expect(await storedCloses("NVDA")).toEqual(CLOSES);
  const done = await jsonOf("--file", changed, ...given, "--keep-good");
  expect({ ...done, import_id: null }).toEqual(checked);
  expect(await storedCloses("NVDA")).toEqual([11.5, 12, 1.5]);
});

test("a report lists rows that are flagged, with the reason", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${1_700_000_100 + i * 300},${i === 20 ? 900 : 9}`);
  const path = file("spike.csv", `time,close\n${rows.join("\n")}\n`);
  const imported = await runImport(platform.url, { symbol: "XRP/USDT", interval: "5m", file: path });
  expect(imported.stdout).toMatch(/^ {2}suspect +\d+ {2}\(among those above\)$/m);
  expect(imported.stdout).toMatch(/^ {2}suspect line 22: .+/m);
  expect(countsOf(imported)).toMatchObject({ stored: 40, refused: 0 });
  expect(refusedLines(imported).size).toBe(0);
});

describe("an import that its user ends", () => {
  /** Enough of them that no machine has them in before it is ended. */
  const MINUTES = madeMinutes(40_000);
  const FILE = { symbol: "BTC/USD", interval: "1m", file: "" };

  beforeAll(() => {
    FILE.file = file("many.csv", MINUTES);
  });

  /** Starts the command and sends it a signal soon after it has said what it recognised; what it says at its end. */
  async function end(
    signal: NodeJS.Signals,
    after = 60,
  ): Promise<{ code: number | null; killed: string | null; stderr: string }> {
    const args = [
      "import",
      "--url",
      platform.url,
      "--symbol",
      FILE.symbol,
      "--interval",
      FILE.interval,
      "--file",
      FILE.file,
    ];
    const child = spawn(process.execPath, [join(ROOT, "cli", "wizdata.ts"), ...args], {
      env: plainEnvironment({ ADMIN_TOKEN: TOKEN }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      stderr += part;
    });
    const closed = new Promise<[number | null, string | null]>((resolve) =>
      child.once("close", (code, killed) => resolve([code, killed])),
    );
    child.stdout.once("data", () => setTimeout(() => child.kill(signal), after));
    const [code, killed] = await closed;
    return { code, killed, stderr };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s says what is stored and how to go on", async (signal, status) => {
    const { code, stderr } = await end(signal);
    expect([code, stderr]).toEqual([
      status,
      expect.stringMatching(
        /^Interrupted\. (?:\d+ rows are stored; importing the file again stores none of them twice|Nothing is stored)\. The same command goes on\.\n$/,
      ),
    ]);
  });

  test("by force, at any moment, loses and doubles nothing: the same command goes on, and its report is true", async () => {
    for (const after of [30, 150, 300]) expect((await end("SIGKILL", after)).killed).toBe("SIGKILL");
    const path = "/ohlcv/BTC/USD?interval=1m&from=2020-01-01&limit=5000";
    const stored = async () => {
      const isEmpty = (await jsonPage(platform.url, path)).simulated;
      return isEmpty ? [] : (await csvPages(platform.url, `${path}&format=csv`)).flat();
    };
    const before = await stored();
    const imported = await runImport(platform.url, FILE);
    const paper = parseCandles(MINUTES);
    const { read, stored: added, unchanged, refused, replaced } = countsOf(imported);
    expect([imported.code, read, refused, replaced]).toEqual([0, paper.length, 0, 0]);
    // What was confirmed is there; the chunk that was on its way as well, or not.
    expect(unchanged).toBeGreaterThanOrEqual(before.length);
    expect(added).toBe(paper.length - unchanged);
    expectSame((await csvPages(platform.url, `${path}&format=csv`)).flat(), paper);
  });
});
