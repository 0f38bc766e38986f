import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Instrument } from "../../contracts/symbol.ts";
import { type CandleColumns, candlesFrom, pickCandles } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import { listed, pageOf } from "./live-pages.ts";
import { roomOf } from "./live-room.ts";
import { calmHistory, connectUpstream, startClock } from "./live-upstream.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const NOW = "2026-11-18T15:30:20.250Z";
const TODAY = Date.parse("2026-11-18T00:00:00Z") / 1000;

beforeEach(async () => {
  startClock(NOW);
  const binance = await connectUpstream("binance");
  binance.history = (interval, now) => calmHistory(interval, TODAY - 100 * DAY, now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A live symbol that has imports. */
async function importing(symbol: string): Promise<Instrument> {
  const of = await listed(symbol, ["binance"]);
  return { ...of, data_sources: ["import", "binance"] };
}

/** Candles without movement, one after the other. */
function flat(first: number, count: number, seconds: number, price: number): CandleColumns {
  const rows = Array.from({ length: count }, (_, i) => ({
    ...{ time: first + i * seconds, open: price, high: price, low: price, close: price, volume: 1 },
    ...{ revision: 0, suspect: false },
  }));
  return candlesFrom(rows);
}

async function importFlat(of: Instrument, importId: string, interval: Interval, candles: CandleColumns): Promise<void> {
  const room = roomOf(of.symbol);
  await room.importCandles(of, { interval, adjustment: "raw", adjustedAsOf: null, importId, candles });
  await room.finishImport(of, importId);
}

test("weeks and 4 hours that are made of an import in another unit never stand beside those of a provider", async () => {
  const of = await importing("CENTS/USDT");
  const page = (interval: Interval) => pageOf(of, interval, { from: TODAY - 60 * DAY, limit: 500, backward: false });
  await page("1w");
  await importFlat(of, "days", "1d", flat(TODAY - 60 * DAY, 30, DAY, 100_000));
  await importFlat(of, "hours", "1h", flat(TODAY - 60 * DAY, 30 * 24, HOUR, 100_000));
  for (const interval of ["1h", "4h", "1d", "1w"] as const) {
    const { facts, candles } = await page(interval);
    expect([interval, facts.provider]).toEqual([interval, "import"]);
    expect([interval, ...new Set(candles.close)]).toEqual([interval, 100_000]);
  }
});

test("weeks of an import that ranks below do not stand beside those of a provider whose prices it has not", async () => {
  const of = { ...(await importing("BELOW/USDT")), data_sources: ["binance" as const, "import" as const] };
  await importFlat(of, "days", "1d", flat(TODAY - 250 * DAY, 120, DAY, 100_000));
  const { facts, candles } = await pageOf(of, "1w", { from: TODAY - 300 * DAY, limit: 500, backward: false });
  expect(facts.provider).toBe("binance");
  expect(candles.close.every((close) => close < 2_000)).toBe(true);
});

test.each(["earlier", "later"])(
  "the %s of two imports can be corrected to another adjustment and back: they are no series meanwhile, and the one from before then",
  async (corrected) => {
    const of = await importing(`CORRECT${corrected}/USDT`);
    await importFlat(of, "earlier", "1d", flat(TODAY - 80 * DAY, 40, DAY, 1000));
    await importFlat(of, "later", "1d", flat(TODAY - 50 * DAY, 40, DAY, 1001));
    const page = (interval: Interval) =>
      pageOf(of, interval, { from: TODAY - 70 * DAY, limit: 500, to: TODAY - 15 * DAY, backward: false });
    const before = [await page("1d"), await page("1w")];
    const days = before[0].candles.length;
    await roomOf(of.symbol).adjustImport(of, corrected, "split", TODAY);
    expect((await page("1d")).candles.length).toBeLessThan(days);
    await roomOf(of.symbol).adjustImport(of, corrected, "raw", null);
    const after = [await page("1d"), await page("1w")];
    expect(after.map(({ candles }) => candles)).toEqual(before.map(({ candles }) => candles));
  },
);

test("a day of two imports' minutes goes with the one that is deleted, as far as the other does not cover it", async () => {
  const of = await importing("HALF/USDT");
  const page = () => pageOf(of, "1d", { from: TODAY - 22 * DAY, to: TODAY - 10 * DAY, limit: 50, backward: false });
  const before = await page();
  const whole = flat(TODAY - 20 * DAY, 2 * 1440, MINUTE, 1000);
  const isLate = (time: number): boolean => time % DAY >= 5 * HOUR;
  const dearer = flat(TODAY - 20 * DAY, 2 * 1440, MINUTE, 1001);
  const late = pickCandles(
    Array.from(dearer.time.keys()).flatMap((i) => (isLate(dearer.time[i]) ? [[dearer, i] as const] : [])),
  );
  await importFlat(of, "whole", "1m", whole);
  await importFlat(of, "late", "1m", late);
  expect((await page()).candles.close.slice(2, 4)).toEqual(new Float64Array(2).fill(1001));
  for (let isDone = false; !isDone; ) ({ done: isDone } = await roomOf(of.symbol).deleteImport(of, "whole"));
  expect((await page()).candles.close).toEqual(before.candles.close);
});

test("days that are made of an import's minutes are compared with those of a provider", async () => {
  const of = await importing("APART/USDT");
  await pageOf(of, "1d", { to: TODAY, limit: 50 });
  await importFlat(of, "minutes", "1m", flat(TODAY - 20 * DAY, 2 * 1440, MINUTE, 1040));
  const { facts, unfit } = await pageOf(of, "1d", { to: TODAY, limit: 50 });
  expect(facts.provider).toBe("import");
  expect(unfit.length).toBeGreaterThan(0);
});
