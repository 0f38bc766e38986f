import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Instrument } from "../../contracts/symbol.ts";
import { candlesFrom } from "../../core/candles.ts";
import type { CandlesPage } from "../../durable-objects/symbol-room/candles/reading/candle-pages.ts";
import type { ImportReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { failure } from "../../providers/provider.ts";
import { ask, asked, hours, listed, pageOf, rowsOf, timesOf } from "./live-pages.ts";
import { roomOf } from "./live-room.ts";
import {
  calmHistory,
  connectUpstream,
  goLive,
  type LiveUpstream,
  liveInstrument,
  type MovableClock,
  startClock,
} from "./live-upstream.ts";

const HOUR = 3600;
const DAY = 86_400;
/** A Wednesday, half past an hour. */
const NOW = "2026-11-18T15:30:20.250Z";
const HOUR_NOW = Date.parse("2026-11-18T15:00:00Z") / 1000;

let binance: LiveUpstream;
let coingecko: LiveUpstream;
let clock: MovableClock;

beforeEach(async () => {
  clock = startClock(NOW);
  binance = await connectUpstream("binance");
  coingecko = await connectUpstream("coingecko");
  binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now);
  coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 2000);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a backfill", () => {
  test("fetches what is missing, and answers it from the room the next time", async () => {
    const of = await listed("FILL/USDT");
    const page = await pageOf(of, "1h");
    expect(timesOf(page)).toEqual(hours(HOUR_NOW - 9 * HOUR, 10));
    expect(page.facts).toMatchObject({ provider: "binance", simulated: false, adjustment: "raw" });
    expect(asked(binance)).toEqual([{ interval: "1h", from: HOUR_NOW - 9 * HOUR, to: HOUR_NOW + HOUR }]);
    expect(timesOf(await pageOf(of, "1h", { to: HOUR_NOW, limit: 9 }))).toEqual(hours(HOUR_NOW - 9 * HOUR, 9));
    expect(binance.candleCalls).toHaveLength(1);
  });

  test("asks only for the stretches that it lacks", async () => {
    const of = await listed("LACK/USDT");
    await pageOf(of, "1h", { to: HOUR_NOW - 10 * HOUR, limit: 10 });
    await pageOf(of, "1h", { to: HOUR_NOW - 30 * HOUR, limit: 10 });
    const page = await pageOf(of, "1h", { to: HOUR_NOW, limit: 40 });
    expect(timesOf(page)).toEqual(hours(HOUR_NOW - 40 * HOUR, 40));
    expect(asked(binance).slice(2)).toEqual([
      { interval: "1h", from: HOUR_NOW - 30 * HOUR, to: HOUR_NOW - 20 * HOUR },
      { interval: "1h", from: HOUR_NOW - 10 * HOUR, to: HOUR_NOW },
    ]);
  });

  test("is made once for all who wait for it", async () => {
    const of = await listed("SHARED/USDT");
    binance.delaySeconds = 0.2;
    const pages = await Promise.all(Array.from({ length: 20 }, () => pageOf(of, "1h")));
    expect(new Set(pages.map((page) => timesOf(page).join()))).toEqual(
      new Set([hours(HOUR_NOW - 9 * HOUR, 10).join()]),
    );
    expect(binance.candleCalls).toHaveLength(1);
  });

  test("never answers candles of another page beside a stretch that no one fetched", async () => {
    const of = await listed("ISLAND/USDT");
    await pageOf(of, "1h", { to: HOUR_NOW - 100 * HOUR, limit: 5 });
    binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 3 * HOUR, now);
    expect(timesOf(await pageOf(of, "1h"))).toEqual(hours(HOUR_NOW - 3 * HOUR, 4));
  });

  test("is resampled from finer candles where the source has none of the interval", async () => {
    const of = await listed("RESAMPLE/USDT", ["coingecko"]);
    coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 40 * DAY, now, 2000);
    const page = await pageOf(of, "1M", { limit: 1 });
    expect(page.facts.provider).toBe("coingecko");
    expect(coingecko.candleCalls[0].interval).not.toBe("1M");
    expect(rowsOf(page)).toHaveLength(1);
  });
});

describe("the candle that forms", () => {
  test("is fetched again and is no revision, neither while it forms nor once it has closed", async () => {
    const of = await listed("FORM/USDT");
    await pageOf(of, "1h");
    clock.advance(60);
    binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 1001);
    const forming = rowsOf(await pageOf(of, "1h")).at(-1);
    expect(forming).toMatchObject({ time: HOUR_NOW, high: 1004, revision: 0 });
    // The last three closed ones are asked for with it: a source may have revised them.
    expect(asked(binance).at(-1)).toEqual({ interval: "1h", from: HOUR_NOW - 3 * HOUR, to: HOUR_NOW + HOUR });
    clock.advance(HOUR);
    binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 1002);
    const closed = rowsOf(await pageOf(of, "1h")).find(({ time }) => time === HOUR_NOW);
    expect(closed).toMatchObject({ high: 1005, revision: 0 });
    expect(asked(binance).at(-1)).toEqual({ interval: "1h", from: HOUR_NOW - 3 * HOUR, to: HOUR_NOW + 2 * HOUR });
  });

  test("is not fetched again within the source's pace", async () => {
    const of = await listed("PACE/USDT", ["coingecko"]);
    await pageOf(of, "1d");
    clock.advance(10);
    await pageOf(of, "1d");
    expect(coingecko.candleCalls).toHaveLength(1);
    clock.advance(31);
    await pageOf(of, "1d");
    expect(coingecko.candleCalls).toHaveLength(2);
  });

  test("of a week goes on forming while its market sleeps for the night", async () => {
    clock.advance(DAY / 2);
    await goLive("WEEK");
    const of = liveInstrument("WEEK", ["binance"], { primary_exchange: "NASDAQ" });
    await pageOf(of, "1w", { limit: 2 });
    clock.advance(DAY);
    await pageOf(of, "1w", { limit: 2 });
    // With the week before, which may be revised.
    const monday = Date.parse("2026-11-16T00:00:00Z") / 1000;
    expect(asked(binance).at(-1)).toMatchObject({ interval: "1w", from: monday - 7 * DAY });
    expect(binance.candleCalls).toHaveLength(2);
  });

  test("of a day that is over is not asked for again all night", async () => {
    clock.advance(8 * HOUR);
    await goLive("NIGHT");
    const of = liveInstrument("NIGHT", ["binance"], { primary_exchange: "NASDAQ" });
    await pageOf(of, "1d");
    clock.advance(60);
    await pageOf(of, "1d");
    expect(binance.candleCalls).toHaveLength(1);
  });
});

describe("a series", () => {
  test("is taken over by its first source once that answers again, as revisions", async () => {
    const of = await listed("KEEPS/USDT");
    coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 1001);
    binance.history = () => failure("server_error");
    const first = await pageOf(of, "1d", { limit: 3 });
    expect(first.facts.provider).toBe("coingecko");
    binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now);
    clock.advance(60);
    await runDurableObjectAlarm(roomOf(of.symbol));
    const page = await pageOf(of, "1d", { limit: 3 });
    expect(page.facts.provider).toBe("binance");
    expect(rowsOf(page).map(({ high, revision }) => [high, revision])).toEqual([
      [1003, 1],
      [1003, 1],
      [1003, 0],
    ]);
  });

  test("says which part has which source where the first has not answered yet", async () => {
    const of = await listed("PARTS/USDT");
    coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 1001);
    await pageOf(of, "1d", { to: HOUR_NOW - 5 * DAY, limit: 3 });
    binance.history = () => failure("server_error");
    const page = await pageOf(of, "1d", { limit: 8 });
    expect(page.facts).toMatchObject({ provider: "mixed", adjustment: "raw" });
    const providers = new Map(page.origins.map(({ id, provider }) => [id, provider]));
    const named = Array.from(page.candles.origin, (id) => providers.get(id));
    expect(named).toEqual([...Array(3).fill("binance"), ...Array(5).fill("coingecko")]);
  });

  test("leaves out what has other prices where two sources meet, and asks the first again", async () => {
    const of = await listed("UNFIT/USDT");
    await pageOf(of, "1d", { to: HOUR_NOW - 5 * DAY, limit: 3 });
    binance.history = () => failure("server_error");
    const page = await pageOf(of, "1d", { limit: 8 });
    expect(page.facts.provider).toBe("binance");
    expect(page.candles.length).toBe(3);
    expect(page.unfit.length).toBe(1);
  });

  test("is never mixed, though two pages of it are fetched from two sources at once", async () => {
    const of = await listed("MIXED/USDT");
    coingecko.delaySeconds = 0.3;
    binance.history = () => failure("bad_answer");
    const late = ask(of, "1d", { limit: 3 });
    await scheduler.wait(100);
    binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now);
    const early = await pageOf(of, "1d", { to: HOUR_NOW - 5 * DAY, limit: 3 });
    expect(early.facts.provider).toBe("binance");
    await late;
    const all = await pageOf(of, "1d", { limit: 12 });
    expect(new Set(rowsOf(all).map(({ high }) => high))).toEqual(new Set([1003]));
  });

  test("shows one adjustment alone where two do not fit", async () => {
    const of = await listed("ADJUST/USDT", ["binance"]);
    await pageOf(of, "1d", { limit: 3 });
    binance.adjustment = "split";
    binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 500);
    const page = await pageOf(of, "1d", { limit: 6 });
    expect(new Set(rowsOf(page).map(({ high }) => high)).size).toBe(1);
    expect(page.facts.adjustment).not.toBe("mixed");
  });
});

describe("when every source fails", () => {
  test("what is known is answered, and known ends where it was fetched", async () => {
    const of = await listed("PART/USDT");
    await pageOf(of, "1h", { to: HOUR_NOW - 5 * HOUR, limit: 5 });
    for (const upstream of [binance, coingecko]) upstream.history = () => failure("bad_answer");
    const page = await pageOf(of, "1h", { limit: 10 });
    expect(timesOf(page)).toEqual(hours(HOUR_NOW - 10 * HOUR, 5));
    expect(page.known).toEqual({ from: HOUR_NOW - 10 * HOUR, to: HOUR_NOW - 5 * HOUR });
  });

  test("and nothing is known, the candles are unavailable", async () => {
    const of = await listed("NOTHING/USDT");
    for (const upstream of [binance, coingecko]) upstream.history = () => failure("bad_answer");
    expect(await ask(of, "1h")).toMatchObject({ kind: "unavailable", sources: ["binance", "coingecko"] });
  });

  test("older candles than those that are known are unavailable, not at their end", async () => {
    const of = await listed("OUTAGE/USDT");
    await pageOf(of, "1h");
    for (const upstream of [binance, coingecko]) upstream.history = () => failure("bad_answer");
    expect(await ask(of, "1h", { to: HOUR_NOW - 9 * HOUR })).toMatchObject({ kind: "unavailable" });
  });

  test("a source that has nothing older ends the history", async () => {
    const of = await listed("END/USDT");
    await pageOf(of, "1h");
    for (const upstream of [binance, coingecko]) upstream.history = () => failure("unsupported");
    const page = await pageOf(of, "1h", { to: HOUR_NOW - 9 * HOUR });
    expect(page).toMatchObject({ more: false, candles: { length: 0 } });
  });
});

describe("doubted candles", () => {
  const glitch = (): void => {
    binance.history = (interval, now) =>
      calmHistory(interval, HOUR_NOW - 400 * HOUR, now).map((row) =>
        row.time === HOUR_NOW - 5 * HOUR ? { ...row, open: 100_000, high: 100_300, low: 99_700, close: 100_000 } : row,
      );
  };

  test("are held back and reported, and returned on request", async () => {
    const of = await listed("FLAG/USDT");
    glitch();
    const page = await pageOf(of, "1h", { limit: 40 });
    expect(page.suspects).toEqual([HOUR_NOW - 5 * HOUR]);
    expect(timesOf(page)).toEqual(hours(HOUR_NOW - 39 * HOUR, 40).filter((time) => time !== HOUR_NOW - 5 * HOUR));
    expect(page.more).toBe(true);
    const all = await pageOf(of, "1h", { limit: 40, includeSuspect: true });
    expect(rowsOf(all).filter(({ suspect }) => suspect)).toMatchObject([{ time: HOUR_NOW - 5 * HOUR }]);
    expect(all.candles.length).toBe(40);
  });

  test("are mentioned if the page has no other", async () => {
    const of = await listed("ALONE/USDT");
    glitch();
    await pageOf(of, "1h", { limit: 40 });
    const page = await pageOf(of, "1h", { to: HOUR_NOW - 4 * HOUR, limit: 1 });
    expect(page).toMatchObject({ candles: { length: 0 }, suspects: [HOUR_NOW - 5 * HOUR], more: true });
  });
});

describe("paging", () => {
  test("backward through a history with gaps reaches its first candle, page by page, and ends", async () => {
    const of = await listed("PAGES/USDT");
    const first = HOUR_NOW - 95 * HOUR;
    binance.history = (interval, now) =>
      calmHistory(interval, first, now).filter(({ time }) => (time / HOUR) % 7 !== 0);
    const seen: number[] = [];
    let to: number | null = HOUR_NOW + 1;
    let pages = 0;
    while (to !== null && pages++ < 20) {
      const page: CandlesPage = await pageOf(of, "1h", { to, limit: 10 });
      seen.unshift(...timesOf(page));
      to = page.more ? (page.boundary ?? timesOf(page)[0]) : null;
    }
    expect(seen).toEqual(hours(first, 96).filter((time) => (time / HOUR) % 7 !== 0));
    expect(pages).toBeLessThan(15);
  });

  test("forward through a history that begins late and has gaps reaches now", async () => {
    const of = await listed("FORWARD/USDT", ["binance"]);
    const first = HOUR_NOW - 50 * HOUR;
    binance.history = (interval, now) =>
      calmHistory(interval, first, now).filter(({ time }) => (time / HOUR) % 7 !== 0);
    const seen: number[] = [];
    let from: number | null = HOUR_NOW - 99 * HOUR;
    let pages = 0;
    while (from !== null && pages++ < 20) {
      const page: CandlesPage = await pageOf(of, "1h", { from, limit: 10, backward: false });
      seen.push(...timesOf(page));
      from = page.more ? (page.boundary ?? Math.max(...timesOf(page)) + 1) : null;
    }
    expect(seen).toEqual(hours(first, 51).filter((time) => (time / HOUR) % 7 !== 0));
  });
});

describe("an import", () => {
  const DAYS = candlesFrom(
    ["2026-11-16", "2026-11-17"].map((date, i) => ({
      ...{ time: Date.parse(date) / 1000, open: null, high: null, low: null, close: 10 + i, volume: null },
      ...{ revision: 0, suspect: false },
    })),
  );
  const imported = (of: Instrument): Instrument => ({
    ...{ ...of, data_sources: ["import"], last_updated: "2026-11-18T00:00:00.000Z" },
  });

  test("that is the only source hides what providers gave", async () => {
    const of = await listed("IMPORT/USDT");
    await pageOf(of, "1h");
    await pageOf(of, "1d");
    const after = imported(of);
    const reply: ImportReply = await roomOf(of.symbol).importCandles(after, {
      ...{ interval: "1d", adjustment: "raw", adjustedAsOf: null, importId: "file", candles: DAYS },
    });
    expect(reply).toMatchObject({ replaced: 2 });
    expect(rowsOf(await pageOf(after, "1d")).map(({ close }) => close)).toEqual([10, 11]);
    expect((await pageOf(after, "1h")).candles.length).toBe(0);
  });

  test("that comes while a provider is asked stays unmixed", async () => {
    const of = await listed("RACE/USDT");
    binance.delaySeconds = 0.3;
    const pages = [ask(of, "1d"), ask(of, "1h")];
    await scheduler.wait(100);
    const after = imported(of);
    await roomOf(of.symbol).importCandles(after, {
      interval: "1d",
      adjustment: "raw",
      adjustedAsOf: null,
      importId: "file",
      candles: DAYS,
    });
    await Promise.all(pages);
    expect(rowsOf(await pageOf(after, "1d")).map(({ close }) => close)).toEqual([10, 11]);
    expect((await pageOf(after, "1h")).candles.length).toBe(0);
  });
});

test("an eviction between two pages loses no candle and fetches none twice", async () => {
  const of = await listed("EVICT/USDT");
  await pageOf(of, "1h", { to: HOUR_NOW, limit: 10 });
  await evictDurableObject(roomOf(of.symbol));
  await goLive(of.symbol);
  expect(timesOf(await pageOf(of, "1h", { to: HOUR_NOW, limit: 20 }))).toEqual(hours(HOUR_NOW - 20 * HOUR, 20));
  expect(asked(binance).at(-1)).toEqual({ interval: "1h", from: HOUR_NOW - 20 * HOUR, to: HOUR_NOW - 10 * HOUR });
});
