import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../../scripts/dev-vars.ts";
import { jsonPage } from "./candle-pages.ts";
import { runCli } from "./command.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform, TOKEN } from "./platform.ts";

const FOLDER = join(ROOT, "test", "fixtures", "candle-files", "cases");

const numbers = { open: z.number().nullish(), close: z.number().nullish(), volume: z.number().nullish() };

/** A file, the options it is imported with, and what is right; what is not said is not compared. */
const Cases = z.array(
  z.strictObject({
    file: z.string(),
    symbol: z.string(),
    interval: z.string(),
    args: z.array(z.string()),
    recognised: z.string().optional(),
    ignored: z.array(z.string()).optional(),
    stored: z.number().optional(),
    refused: z.union([z.number(), z.array(z.object({ line: z.number(), reason: z.string() }))]).optional(),
    first: z.object({ time: z.string(), ...numbers }).optional(),
    error: z.string().optional(),
    afterwards: z
      .object({
        interval: z.string(),
        time: z.string().optional(),
        whole: z.tuple([]).optional(),
        high: z.number().optional(),
        ...numbers,
      })
      .optional(),
    note: z.string().optional(),
  }),
);

/** The command's report, as JSON. */
const Report = z.looseObject({
  recognised: z.string().nullable(),
  ignored: z.array(z.string()),
  stored: z.number(),
  unchanged: z.number(),
  replaced: z.number(),
  rows: z.number().nullable(),
  refused: z.array(z.object({ line: z.number(), reason: z.string() })),
  suspect: z.array(z.object({ line: z.number(), reason: z.string() })),
  first: z.object({ time: z.string() }).loose().nullable(),
  import_id: z.string().nullable(),
  error: z.string().nullable(),
});

const CASES = Cases.parse(JSON.parse(readFileSync(join(FOLDER, "expected.json"), "utf8")));
const NAMED = CASES.map((each) => [`${each.file} ${each.args.join(" ")}`.trim(), each] as const);

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

async function importCase({ file, symbol, interval, args }: (typeof CASES)[number], ...flags: string[]) {
  const given = ["--file", join(FOLDER, file), "--symbol", symbol, "--interval", interval, "--url", platform.url];
  const { stdout, stderr } = await runCli(["import", ...given, ...args, "--json", ...flags], { ADMIN_TOKEN: TOKEN });
  expect(stderr).toBe("");
  return Report.parse(JSON.parse(stdout));
}

async function deleteImport(id: string): Promise<void> {
  let status = 202;
  while (status === 202) {
    ({ status } = await fetch(`${platform.url}/admin/imports/${id}`, { method: "DELETE", headers: AS_ADMIN }));
  }
  expect(status).toBe(200);
}

describe("a file that a vendor wrote", () => {
  test.each(NAMED)("%s is imported as it should be", async (_, expected) => {
    const checked = await importCase(expected, "--check");
    const { recognised, ignored, stored, refused, first, error, afterwards } = expected;
    if (error !== undefined) {
      expect(checked.error).toContain(error);
      return;
    }
    expect(checked.error).toBeNull();
    if (recognised !== undefined) expect(checked.recognised).toBe(recognised);
    if (ignored !== undefined) expect(checked.ignored).toEqual(ignored);
    if (stored !== undefined) expect(checked.stored).toBe(stored);
    if (typeof refused === "number") expect(checked.refused).toHaveLength(refused);
    if (Array.isArray(refused)) {
      const parts = refused.map(({ line, reason }) => ({ line, reason: expect.stringContaining(reason) }));
      expect(checked.refused).toEqual(parts);
    }
    if (first !== undefined) expect(checked.first).toMatchObject(first);

    const { import_id: id, ...imported } = await importCase(expected);
    const { import_id: none, ...wouldBe } = checked;
    expect(none).toBeNull();
    expect(imported).toEqual(wouldBe);
    if (afterwards !== undefined) {
      const { interval, time, whole, ...values } = afterwards;
      const page = await jsonPage(platform.url, `/ohlcv/${expected.symbol}?interval=${interval}&limit=100`);
      if (whole !== undefined) expect(page.data).toEqual(whole);
      if (time !== undefined) {
        expect(page.data.find((candle) => candle.time === Date.parse(time) / 1000)).toMatchObject(values);
      }
    }
    if (id !== null) await deleteImport(id);
  });
});
