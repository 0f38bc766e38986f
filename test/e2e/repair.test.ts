import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { z } from "zod";
import { CandlesAnswerSchema } from "../../contracts/candle.ts";
import { ImportReportSchema } from "../../contracts/import.ts";
import { DAY, HOUR, startOfDay } from "../../core/time.ts";
import { type Fakes, startFakes } from "../../tools/fakes/start.ts";
import { eventually, QuoteAnswerSchema, readJson } from "./live-answers.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform, TOKEN } from "./platform.ts";

type Page = z.infer<typeof CandlesAnswerSchema>;

const FrameSchema = z.looseObject({ type: z.string() });
const BarFrameSchema = z.object({
  type: z.literal("candle"),
  symbol: z.string(),
  interval: z.string(),
  provider: z.string(),
  data: z.looseObject({ time: z.number(), close: z.number().nullable(), state: z.string(), revision: z.number() }),
});

const folder = dataFolder();
let fakes: Fakes;
let platform: Platform;
const today = startOfDay(Date.now() / 1000);

beforeAll(async () => {
  fakes = await startFakes();
  platform = await startPlatform(folder, { ...fakes.variables, MARKET_MODE: "live" });
});

afterAll(async () => {
  await platform?.stop();
  await fakes?.close();
  removeFolder(folder);
});

const read = (path: string): Promise<Page> => readJson(platform, path, CandlesAnswerSchema);

/** Asks as long as the answer is no whole one of Binance alone. */
function untilWhole(path: string): Promise<Page> {
  const isWhole = ({ provider, data, coverage }: Page): boolean =>
    provider === "binance" && coverage.missing.length === 0 && data.every(({ volume }) => volume !== null);
  return eventually(150, () => read(path), isWhole);
}

/** A socket on the candles of symbols, and what it receives. */
async function subscribeTo(symbols: readonly string[], interval: string) {
  const socket = new WebSocket(`${platform.url.replace("http", "ws")}/ws`, ["wizdata.v1", `key.${TOKEN}`]);
  const frames: z.infer<typeof FrameSchema>[] = [];
  socket.on("message", (data) => frames.push(FrameSchema.parse(JSON.parse(String(data)))));
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  socket.send(JSON.stringify({ action: "subscribe", symbols, channel: "candles", interval }));
  await eventually(
    20,
    async () => frames.filter(({ type }) => type === "subscription_confirmed"),
    (all) => all.length > 0,
  );
  const revised = (symbol: string) =>
    frames.flatMap((frame) => {
      const bar = BarFrameSchema.safeParse(frame);
      return bar.success && bar.data.symbol === symbol && bar.data.data.state === "revised" ? [bar.data] : [];
    });
  return { frames, revised, close: () => socket.close() };
}

/** Asks for another symbol until it is ended; returns every status but 200. */
function keepAsking(paths: readonly string[]): () => Promise<string[]> {
  const bad: string[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      for (const path of paths) {
        const response = await fetch(platform.url + path, { headers: AS_ADMIN });
        if (response.status !== 200) bad.push(`${path}: ${response.status} ${(await response.text()).slice(0, 200)}`);
        else await response.body?.cancel();
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return async () => {
    isOver = true;
    await asking;
    return bad;
  };
}

describe("a series", () => {
  test("mends itself after an outage, an empty answer, rows off the grid and a revision, while others are answered", async () => {
    const BTC = "/ohlcv/BTC/USDT?interval=1h&limit=24";
    const ETH = "/ohlcv/ETH/USDT?interval=1d&limit=20";
    const month = { from: today - 60 * DAY, to: today - 30 * DAY };
    const SOL = `/ohlcv/SOL/USDT?interval=1h&from=${month.from - 5 * DAY}&to=${month.to + 5 * DAY}&limit=1000`;
    const XRP = "/ohlcv/XRP/USDT?interval=1d&limit=5";
    const before = (await untilWhole(XRP)).data;
    await untilWhole("/ohlcv/LTC/USDT?interval=1h&limit=10");
    const stop = keepAsking(["/quotes/LTC/USDT", "/ohlcv/LTC/USDT?interval=1h&limit=10"]);

    const yesterday = today - DAY;
    await fakes.misbehave("binance", [
      { kind: "server_error", endpoint: "klines", symbol: "BTCUSDT", times: 3 },
      { kind: "empty", endpoint: "klines", symbol: "ETHUSDT" },
      { kind: "off_grid", endpoint: "klines", symbol: "SOLUSDT", ...month },
      { kind: "revise", endpoint: "klines", symbol: "XRPUSDT", from: yesterday, to: today, factor: 1.005 },
    ]);
    await fakes.misbehave("coingecko", [{ kind: "empty", symbol: "ethereum" }]);
    const hours = await subscribeTo(["BTC/USDT"], "1h");
    const days = await subscribeTo(["XRP/USDT"], "1d");

    const during = await read(BTC);
    const nothing = await read(ETH);
    const holed = await read(SOL);
    expect(nothing.data.filter(({ state }) => state === "closed")).toEqual([]);
    expect(nothing.coverage.missing.length).toBeGreaterThan(0);
    expect(holed.segments.length).toBeGreaterThan(1);
    expect(during.data.length).toBeGreaterThan(0);

    const revised = await eventually(
      30,
      () => read(XRP),
      ({ data }) => data.some(({ state }) => state === "revised"),
    );
    const changed = revised.data.filter(({ state }) => state === "revised");
    expect(changed).toMatchObject([{ time: yesterday, revision: 1 }]);
    expect(changed[0].close).not.toBe(before.find(({ time }) => time === yesterday)?.close);
    await eventually(
      20,
      async () => days.revised("XRP/USDT"),
      (frames) => frames.length > 0,
    );
    expect(days.revised("XRP/USDT")[0]).toMatchObject({
      provider: "binance",
      data: changed[0],
    });

    await fakes.misbehave("binance", []);
    await fakes.misbehave("coingecko", []);
    const [btc, eth, sol] = await Promise.all([BTC, ETH, SOL].map(untilWhole));
    const closeOf = ({ data }: Pick<Page, "data">) => data.find(({ time }) => time === yesterday)?.close;
    const xrp = await eventually(
      60,
      () => read(XRP),
      (page) => closeOf(page) === closeOf({ data: before }),
    );
    expect([btc.count, eth.count]).toEqual([24, 20]);
    expect(sol.count).toBe((40 * DAY) / HOUR);
    for (const page of [btc, eth, sol, xrp]) expect(page.segments).toHaveLength(1);
    // What the second source had filled came again from the first, and a subscriber was sent it.
    const filled = during.data.filter(({ time }) => during.provider !== "binance" && time < btc.data[23].time);
    if (filled.length > 0) expect(hours.revised("BTC/USDT").length).toBeGreaterThan(0);
    expect(await stop()).toEqual([]);
    hours.close();
    days.close();
  });
});

describe("an import into a live symbol", () => {
  const PAGE = `/ohlcv/ADA/USDT?interval=1d&from=${today - 40 * DAY}&limit=60`;

  async function importDays(rows: readonly object[], adjustment: string): Promise<string> {
    const response = await fetch(`${platform.url}/admin/import`, {
      method: "POST",
      headers: { ...AS_ADMIN, "Content-Type": "application/json" },
      body: JSON.stringify({ symbol: "ADA/USDT", interval: "1d", adjustment, rows }),
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return z.object({ data: ImportReportSchema.extend({ import_id: z.string() }) }).parse(JSON.parse(text)).data
      .import_id;
  }

  async function deleteImport(id: string): Promise<void> {
    await eventually(
      30,
      async () => (await fetch(`${platform.url}/admin/imports/${id}`, { method: "DELETE", headers: AS_ADMIN })).status,
      (status) => status === 200 || status === 404,
    );
  }

  const numbers = ({ data }: Page) =>
    data.map(({ time, open, high, low, close, volume }) => [time, open, high, low, close, volume]);
  const closedOnes = (page: Page) => ({ ...page, data: page.data.filter(({ state }) => state !== "open") });

  test("is the history, the days since are live, and deleting it restores the numbers from before", async () => {
    const before = await untilWhole(PAGE);
    const rows = before.data.slice(0, 30).map(({ time, open, high, low, close }, i) => {
      const of = (price: number | null) => Number(((price ?? 0) * 1.001).toFixed(6));
      return { line: i + 2, time, open: of(open), high: of(high), low: of(low), close: of(close), volume: 7 };
    });
    const id = await importDays(rows, "raw");
    const page = await read(PAGE);
    expect(page).toMatchObject({ provider: "mixed", adjustment: "raw", simulated: false });
    expect(page.segments).toMatchObject([
      { provider: "import", import_id: id, adjustment: "raw" },
      { provider: "binance", import_id: null, adjustment: "raw" },
    ]);
    expect(page.segments[0].to).toBe(page.segments[1].from);
    expect(page.data.slice(0, 30).map(({ close }) => close)).toEqual(rows.map(({ close }) => close));
    expect(numbers(closedOnes(page)).slice(30)).toEqual(numbers(closedOnes(before)).slice(30));
    const quote = (await readJson(platform, "/quotes/ADA/USDT", QuoteAnswerSchema)).data;
    expect(quote).toMatchObject({ provider: "binance", freshness: "live", simulated: false });
    await deleteImport(id);
    const after = await untilWhole(PAGE);
    expect(numbers(closedOnes(after))).toEqual(numbers(closedOnes(before)));
  });

  test("in another unit leaves out what does not fit, and says why", async () => {
    const before = await untilWhole(PAGE);
    const rows = before.data.slice(0, 30).map(({ time, close }, i) => {
      return { line: i + 2, time, close: Number(((close ?? 0) * 100).toFixed(4)) };
    });
    const id = await importDays(rows, "raw");
    const page = await read(PAGE);
    expect(page.provider).toBe("import");
    expect(page.coverage.missing.at(-1)).toMatchObject({ reason: "adjustment" });
    await deleteImport(id);
    expect(numbers(closedOnes(await untilWhole(PAGE)))).toEqual(numbers(closedOnes(before)));
  });
});
