import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../../scripts/dev-vars.ts";
import { runImport } from "./import-command.ts";
import { dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

const recipe = (name: string): string => readFileSync(join(ROOT, "docs", "recipes", name), "utf8");

/** The addresses that a page's `curl` asks. */
const addressesOf = (page: string): string[] =>
  Array.from(page.matchAll(/^curl "([^"]+)"$/gm), ([, address]) => address);

const DAYS = Array.from({ length: 30 }, (_, i) => new Date(Date.UTC(2026, 8, 1 + i)))
  .filter((day) => ![0, 6].includes(day.getUTCDay()))
  .map((day, i) => ({ date: day.toISOString().slice(0, 10), cents: 412_345.6 + i }));

let folder = "";
let platform: Platform;
beforeAll(async () => {
  folder = dataFolder();
  platform = await startPlatform(folder);
  const file = join(folder, "npn.csv");
  writeFileSync(file, ["time,close", ...DAYS.map(({ date, cents }) => `${date},${cents}`)].join("\n"));
  const { code } = await runImport(platform.url, { symbol: "JSE:NPN", interval: "1d", file, adjustment: "raw" });
  expect(code).toBe(0);
});
afterAll(async () => {
  await platform?.stop();
  removeFolder(folder);
});

async function ask(address: string): Promise<Response> {
  const answer = await fetch(address.replace("http://127.0.0.1:8787", platform.url));
  expect([address, answer.status]).toEqual([address, 200]);
  return answer;
}

const rowsOf = (csv: string): Record<string, string>[] => {
  const [names, ...lines] = csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  return lines.map((line) => Object.fromEntries(names.map((name, i) => [name, line[i]])));
};

describe("the recipe for tables", () => {
  const page = recipe("tables.md");

  test("has candles in rand by date, quotes with their fields, and indicators", async () => {
    const [candles, quotes, indicators] = addressesOf(page);
    const last = DAYS.slice(-5);
    expect(rowsOf(await (await ask(candles)).text()).map(({ time, close }) => [time, Number(close)])).toEqual(
      last.map(({ date, cents }) => [`${date}T00:00:00.000Z`, Number(`${cents}e-2`)]),
    );
    const found = rowsOf(await (await ask(quotes)).text());
    expect(found.map(({ symbol }) => symbol).sort()).toEqual(["AAPL", "JSE:NPN", "USD/ZAR"]);
    expect(Object.keys(found[0])).toEqual([
      "symbol",
      "price",
      "change_percent",
      "price_unit",
      "timestamp",
      "freshness",
      "error",
    ]);
    const values = rowsOf(await (await ask(indicators)).text());
    expect(values).toHaveLength(5);
    expect(Object.keys(values[0])).toEqual(["time", "sma:20", "rsi", "macd.line", "macd.signal", "macd.histogram"]);
  });

  test("has addresses in its other blocks that are answered as well", async () => {
    const others = Array.from(
      page.matchAll(/"(http:\/\/127[^"]+|https:\/\/your\.host[^"]+)"/g),
      ([, address]) => address,
    );
    expect(others.length).toBeGreaterThan(3);
    for (const address of others) {
      const answer = await ask(address.replace("https://your.host", "http://127.0.0.1:8787"));
      expect(answer.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    }
  });
});

test("the recipe for Portfolio Performance has dates and closes in rand at its paths", async () => {
  const page = recipe("portfolio-performance.md");
  const address = /Feed URL \| `([^`]+)`/.exec(page)?.[1] ?? "";
  expect(addressesOf(page)).toEqual([address]);
  expect(page).toContain("`$.data[*].time`");
  expect(page).toContain("`$.data[*].close`");
  const { data } = z
    .looseObject({ data: z.array(z.looseObject({ time: z.number(), close: z.number() })) })
    .parse(await (await ask(address)).json());
  // It reads a number between days and milliseconds as unix seconds, and takes the date in UTC.
  expect(data.map(({ time, close }) => [new Date(time * 1000).toISOString().slice(0, 10), close])).toEqual(
    DAYS.map(({ date, cents }) => [date, Number(`${cents}e-2`)]),
  );
});
