import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { freePort } from "../../scripts/ports.ts";
import { candleFile, FIELDS, readCandleFile } from "./candle-files.ts";
import { jsonPages } from "./candle-pages.ts";
import { runCli } from "./command.ts";
import { countsOf, runImport } from "./import-command.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform, TOKEN } from "./platform.ts";

const FILE = "BTC-USD_1m.csv";

const Manifest = z.object({
  version: z.number(),
  platform: z.string(),
  files: z.array(z.looseObject({ file: z.string(), rows: z.number(), sha256: z.string(), bytes: z.number() })),
});

let folder = "";
let platform: Platform;
beforeAll(async () => {
  folder = dataFolder();
  platform = await startPlatform(folder);
  const given = { symbol: "BTC/USD", interval: "1m", adjustment: "raw", file: candleFile(FILE) };
  expect((await runImport(platform.url, given)).code).toBe(0);
  const days = { symbol: "SOL/USDT", interval: "1m", adjustment: "raw", file: candleFile("made_1m.csv") };
  expect((await runImport(platform.url, days)).code).toBe(0);
}, 240_000);
afterAll(async () => {
  await platform?.stop();
  removeFolder(folder);
});

const inFolder = (name: string): string => join(folder, name);

function runExport(out: string, args: readonly string[], url = platform.url) {
  return runCli(["export", "--url", url, "--out", inFolder(out), ...args], { ADMIN_TOKEN: TOKEN });
}

const manifestOf = (out: string) =>
  Manifest.parse(JSON.parse(readFileSync(inFolder(join(out, "manifest.json")), "utf8")));

/** The rows of a Parquet file as another program reads them. */
async function readParquet(path: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const query = `select epoch(time)::bigint, open, high, low, close, volume, state, revision, suspect, provider, simulated from read_parquet('${path}') order by time`;
  const rows = await (await connection.runAndReadAll(query)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** All pages of the API's own CSV, under one line of names. */
async function apiCsv(path: string): Promise<string> {
  let csv = "";
  for (let next: string | null = path; next !== null; ) {
    const answer: Response = await fetch(platform.url + next, { headers: AS_ADMIN });
    const [names, ...lines] = (await answer.text()).split("\n");
    csv += csv === "" ? `${names}\n${lines.join("\n")}` : lines.join("\n");
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("Link") ?? "")?.[1] ?? null;
  }
  return csv;
}

describe("a series in Parquet", () => {
  test("is read by another program bit by bit as its file has it", async () => {
    const { code, stderr } = await runExport("parquet", [
      "--symbol",
      "BTC/USD",
      "--interval",
      "1m",
      "--format",
      "parquet",
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const rows = await readParquet(inFolder("parquet/BTC-USD_1m.parquet"));
    const paper = readCandleFile(FILE);
    expect(rows.length).toBe(paper.length);
    const numbers = (text: string | null) => (text === null ? null : Number(text));
    const wrong = rows.filter((row, i) => {
      const expected = [paper[i].time, ...FIELDS.map((field) => numbers(paper[i][field]))];
      return !expected.every((value, n) => Object.is(n === 0 ? Number(row[0]) : row[n], value));
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(rows[0].slice(6)).toEqual(["closed", 0, expect.any(Boolean), "import", false]);
  });

  test("has unknown numbers as null", async () => {
    writeFileSync(inFolder("closes.csv"), "time,close\n2024-01-02,1.5\n2024-01-03,1.25\n");
    await runImport(platform.url, { symbol: "GBP/ZAR", interval: "1d", file: inFolder("closes.csv") });
    await runExport("nulls", ["--symbol", "GBP/ZAR", "--interval", "1d", "--format", "parquet"]);
    const rows = await readParquet(inFolder("nulls/GBP-ZAR_1d.parquet"));
    expect(rows.map((row) => row.slice(1, 6))).toEqual([
      [null, null, null, 1.5, null],
      [null, null, null, 1.25, null],
    ]);
  });
});

describe("a series in CSV", () => {
  test("is the API's own CSV, page after page, and the manifest says what it is", async () => {
    const args = ["--symbol", "BTC/USD,AAPL", "--interval", "1m", "--from", "2018-01-01", "--to", "2019-01-01"];
    const { code, stdout, stderr } = await runExport("csv", args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("candles of BTC/USD, ");
    expect(stdout).toMatch(/candles of AAPL, .*, simulated, in USD$/m);
    const csv = readFileSync(inFolder("csv/BTC-USD_1m.csv"), "utf8");
    const path = "/ohlcv/BTC/USD?interval=1m&from=2018-01-01&to=2019-01-01&limit=5000&format=csv&include_suspect=true";
    expect(csv).toBe(await apiCsv(path));

    const { files, platform: url } = manifestOf("csv");
    expect(url).toBe(platform.url);
    expect(files.map(({ file }) => file)).toEqual(["AAPL_1m.csv", "BTC-USD_1m.csv"]);
    expect(files[1]).toMatchObject({
      ...{ symbol: "BTC/USD", interval: "1m", format: "csv", provider: "import", simulated: false, adjustment: "raw" },
      ...{ currency: "USD", price_unit: "USD", rows: csv.trimEnd().split("\n").length - 1 },
      segments: [{ provider: "import", adjustment: "raw", import_id: expect.stringMatching(/^[0-9a-f]{32}$/) }],
    });
    expect(files[0]).toMatchObject({ symbol: "AAPL", simulated: true, provider: "simulator" });
    for (const { file, sha256, bytes } of files) {
      const content = readFileSync(inFolder(join("csv", file)));
      expect([bytes, sha256]).toEqual([content.length, createHash("sha256").update(content).digest("hex")]);
    }
  }, 120_000);

  test.each(["1m", "5m", "1h", "4h", "1d"])(
    "of %s changes nothing where it is imported again",
    async (interval) => {
      const { code } = await runExport("again", ["--symbol", "SOL/USDT", "--interval", interval]);
      expect(code).toBe(0);
      const path = `/ohlcv/SOL/USDT?interval=${interval}&from=2017-01-01&to=2026-10-01&limit=5000&include_suspect=true`;
      const before = await jsonPages(platform.url, path);
      for (const adjustment of ["raw", undefined]) {
        const file = inFolder(`again/SOL-USDT_${interval}.csv`);
        const imported = await runImport(platform.url, { symbol: "SOL/USDT", interval, file, adjustment });
        const { read, unchanged } = countsOf(imported);
        expect(read).toBeGreaterThan(0);
        expect([imported.code, unchanged]).toEqual([0, read]);
      }
      const after = await jsonPages(platform.url, path);
      expect(after.map((page, i) => ({ ...page, timestamp: before[i].timestamp }))).toEqual(before);
    },
    120_000,
  );

  test("that is simulated says so in each row, and is refused as an import", async () => {
    const file = inFolder("csv/AAPL_1m.csv");
    const imported = await runImport(platform.url, { symbol: "AAPL", interval: "1m", file });
    expect(imported.code).toBe(1);
    expect(countsOf(imported)).toMatchObject({ stored: 0, replaced: 0 });
    expect(imported.stdout).toContain("is simulated; only real candles can be imported");
  });
});

describe("an export", () => {
  test("of several series goes on after one that fails, and says what failed", async () => {
    const { code, stdout } = await runExport("some", ["--symbol", "APPL,GBP/ZAR", "--interval", "1d", "--json"]);
    expect(code).toBe(1);
    const { files, failed } = JSON.parse(stdout);
    expect(files).toMatchObject([{ file: "GBP-ZAR_1d.csv", rows: 2 }]);
    expect(failed).toEqual([{ symbol: "APPL", interval: "1d", error: expect.stringMatching(/Did you mean .*AAPL/) }]);
    expect(readdirSync(inFolder("some")).sort()).toEqual(["GBP-ZAR_1d.csv", "manifest.json"]);
  });

  test("again replaces a file and its entry, and keeps the others", async () => {
    const first = manifestOf("some").files[0];
    await runExport("some", ["--symbol", "SOL/USDT", "--interval", "1d"]);
    const { stdout } = await runExport("some", ["--symbol", "GBP/ZAR", "--interval", "1d", "--to", "2024-01-03"]);
    expect(stdout).toContain("(replaced)");
    const { files } = manifestOf("some");
    expect(files.map(({ file, rows }) => [file, rows])).toEqual([
      ["GBP-ZAR_1d.csv", 1],
      ["SOL-USDT_1d.csv", expect.any(Number)],
    ]);
    expect(files[0].sha256).not.toBe(first.sha256);
  });

  test.each([
    [["--interval", "1d"], /^--symbol is missing/],
    [["--symbol", "AAPL"], /^--interval is missing/],
    [["--symbol", "AAPL", "--interval", "2h"], /^--interval is "2h"; it must be one of/],
    [
      ["--symbol", "AAPL", "--interval", "1d", "--format", "xlsx"],
      /^--format is "xlsx"; it must be one of csv, parquet/,
    ],
    [
      ["--symbol", "AAPL", "--interval", "1d", "--from", "yesterday"],
      /^--from is "yesterday"; it must be unix seconds or/,
    ],
    [
      ["--symbol", "AAPL", "--interval", "1d", "--from", "2024-02-01", "--to", "2024-01-01"],
      /^--from must be before --to/,
    ],
    [["--symbol", "APPL", "--interval", "1d"], /Did you mean .*AAPL/],
    [["--symbol", "TSLA", "--interval", "1d", "--to", "1980-01-01"], /^TSLA 1d: Nothing of TSLA 1d lies before --to/],
  ])("%j says why in a sentence", async (args, message) => {
    const { code, stderr } = await runExport("none", args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
    expect(code).toBe(2);
  });

  test("into what is no folder, or one with another manifest, writes nothing", async () => {
    const args = ["--symbol", "GBP/ZAR", "--interval", "1d"];
    writeFileSync(inFolder("a-file"), "");
    expect(await runExport("a-file", args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("cannot be made"),
    });
    mkdirSync(inFolder("other"));
    writeFileSync(inFolder("other/manifest.json"), '{"name": "an app"}');
    expect((await runExport("other", args)).stderr).toContain("is no manifest of an export");
    expect(readdirSync(inFolder("other"))).toEqual(["manifest.json"]);
  });

  test("of a platform that does not run says so", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await runExport("none", ["--symbol", "AAPL", "--interval", "1d"], url);
    expect(stderr).toBe(`${url} does not answer. Is the platform running? --url names another one.\n`);
    expect(code).toBe(2);
  });
});

describe("a series that changes while it is read", () => {
  let between: Server | null = null;
  afterAll(() => between?.close());

  /** Stands before the platform; what is asked with an entity tag the first times has changed. */
  async function changing(times: number): Promise<string> {
    let left = times;
    between = createServer(async (incoming, outgoing) => {
      const tag = incoming.headers["if-none-match"];
      const hasChanged = tag !== undefined && left-- > 0;
      const headers = { ...AS_ADMIN, ...(tag === undefined || hasChanged ? {} : { "If-None-Match": tag }) };
      const answer = await fetch(platform.url + incoming.url, { headers });
      const names = ["etag", "link", "content-type"];
      const passed = names.flatMap((name): [string, string][] => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      outgoing.writeHead(answer.status, Object.fromEntries(passed));
      outgoing.end(Buffer.from(await answer.arrayBuffer()));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => between?.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${port}`;
  }

  test("is read again", async () => {
    const { code } = await runExport("changed", ["--symbol", "GBP/ZAR", "--interval", "1d"], await changing(1));
    expect(code).toBe(0);
    expect(readFileSync(inFolder("changed/GBP-ZAR_1d.csv"), "utf8").trimEnd().split("\n").length).toBe(3);
    between?.close();
  });

  test("and goes on changing leaves no file, and is said", async () => {
    const url = await changing(100);
    const { code, stderr } = await runExport("changing", ["--symbol", "GBP/ZAR", "--interval", "1d"], url);
    expect(stderr).toContain("changed each of the 3 times");
    expect(code).toBe(2);
    expect(existsSync(inFolder("changing/GBP-ZAR_1d.csv"))).toBe(false);
    expect(readdirSync(inFolder("changing"))).toEqual([]);
  });
});
