import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { failure } from "../../providers/provider.ts";
import { ask, asked, listed, pageOf, rowsOf, timesOf } from "./live-pages.ts";
import { roomOf } from "./live-room.ts";
import { calmHistory, connectUpstream, type LiveUpstream, type MovableClock, startClock } from "./live-upstream.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
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
});

afterEach(() => {
  vi.restoreAllMocks();
});

const ring = (symbol: string) => runDurableObjectAlarm(roomOf(symbol));

test("a stretch that takes an upstream several requests is fetched whole", async () => {
  const of = await listed("LONG/USDT", ["binance"]);
  binance.maxRows = 40;
  const page = await pageOf(of, "1h", { limit: 100 });
  expect(timesOf(page)).toEqual(Array.from({ length: 100 }, (_, i) => HOUR_NOW - (99 - i) * HOUR));
  expect(page.isComplete).toBe(true);
  expect(asked(binance).length).toBe(3);
  await pageOf(of, "1h", { limit: 100 });
  expect(asked(binance).length).toBe(3);
});

test("a stretch that takes more requests than a question may is gone on with by the next", async () => {
  const of = await listed("LONGER/USDT", ["binance"]);
  binance.maxRows = 20;
  const first = await ask(of, "1h", { limit: 100 });
  expect(first.kind === "page" && first.isComplete).toBe(false);
  const page = await pageOf(of, "1h", { limit: 100 });
  expect(page).toMatchObject({ isComplete: true, candles: { length: 100 } });
});

test("what a source restates as a whole is asked for again, as far back as it is read", async () => {
  const of = await listed("SPLITS/USDT", ["binance"]);
  binance.adjustment = "split";
  binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * DAY, now, 4000);
  const before = await pageOf(of, "1d", { limit: 50 });
  expect(new Set(rowsOf(before).map(({ high }) => high))).toEqual(new Set([4003]));
  // A split by four: the past is restated.
  binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * DAY, now, 1000);
  clock.advance(2 * DAY);
  await pageOf(of, "1d", { limit: 5 });
  const after = await pageOf(of, "1d", { limit: 50 });
  expect(after.candles.length).toBe(50);
  expect(new Set(rowsOf(after).map(({ high }) => high))).toEqual(new Set([1003]));
});

test("old minutes that their source still has are deleted, and fetched again when they are read", async () => {
  const of = await listed("OLD/USDT", ["binance"]);
  const then = HOUR_NOW - 400 * DAY;
  binance.history = (interval, now) => calmHistory(interval, then, now).slice(0, interval === "1m" ? 100 : 1_000);
  const old = { to: then + 50 * MINUTE, limit: 50 };
  const before = await pageOf(of, "1m", old);
  await pageOf(of, "1d", { limit: 400 });
  const stored = (interval: string) =>
    runInDurableObject(roomOf(of.symbol), (_, { storage }) =>
      storage.sql.exec<{ n: number }>("select count(*) as n from candles where interval = ?", interval).one(),
    );
  const days = await stored("1d");
  await roomOf(of.symbol).pruneCandles(of);
  // What was fetched lately may be what a client is reading.
  expect(await stored("1m")).toEqual({ n: 50 });
  clock.advance(8 * DAY);
  await roomOf(of.symbol).pruneCandles(of);
  expect(await stored("1m")).toEqual({ n: 0 });
  expect(await stored("1d")).toEqual(days);
  expect(rowsOf(await pageOf(of, "1m", old))).toEqual(rowsOf(before));
});

test("old hours of a source that keeps its history for a time only stay", async () => {
  const of = await listed("SHORT/USDT", ["coingecko"]);
  const then = HOUR_NOW - 6 * 366 * DAY;
  const old = { to: then + 50 * HOUR, limit: 50 };
  coingecko.history = (interval, now) => calmHistory(interval, then, now).slice(0, 100);
  const before = await pageOf(of, "1h", old);
  coingecko.history = () => failure("unsupported");
  clock.advance(8 * DAY);
  await roomOf(of.symbol).pruneCandles(of);
  expect(rowsOf(await pageOf(of, "1h", old))).toEqual(rowsOf(before));
});

test("a long stretch that a better source owes is asked of it some at a time, in the background", async () => {
  const of = await listed("TAKEN/USDT");
  coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 6_000 * HOUR, now, 1001);
  const series = { limit: 5_000, to: HOUR_NOW - 200 * HOUR };
  binance.history = () => failure("server_error");
  expect((await pageOf(of, "1h", series)).facts.provider).toBe("coingecko");
  binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 6_000 * HOUR, now);
  binance.maxRows = 3_000;
  for (let i = 0; i < 3; i++) {
    clock.advance(60);
    await ring(of.symbol);
  }
  const page = await pageOf(of, "1h", series);
  expect(page).toMatchObject({ facts: { provider: "binance" }, candles: { length: 5_000 } });
});

test("a source that failed while a candle formed is asked once for what it owes, and not until the candle closes", async () => {
  const of = await listed("FORMING/USDT");
  coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 1001);
  binance.history = () => failure("server_error");
  await pageOf(of, "1h");
  binance.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now);
  clock.advance(60);
  await ring(of.symbol);
  const { length } = binance.candleCalls;
  for (let i = 0; i < 3; i++) {
    clock.advance(60);
    await ring(of.symbol);
  }
  expect(binance.candleCalls.length).toBe(length);
  const due = await runInDurableObject(roomOf(of.symbol), (_, { storage }) =>
    storage.sql.exec("select * from fetched where result = 'failed'").toArray(),
  );
  expect(due).toEqual([]);
});

test("a source that has no name for the symbol any more owes nothing", async () => {
  const of = await listed("UNNAMED/USDT");
  coingecko.history = (interval, now) => calmHistory(interval, HOUR_NOW - 400 * HOUR, now, 1001);
  binance.history = () => failure("server_error");
  await pageOf(of, "1h", { to: HOUR_NOW });
  await roomOf(of.symbol).keepInstrument({
    ...of,
    provider_symbols: { coingecko: of.symbol },
    last_updated: "2026-11-02T00:00:00.000Z",
  });
  clock.advance(60);
  await ring(of.symbol);
  const owed = await runInDurableObject(roomOf(of.symbol), (_, { storage }) =>
    storage.sql.exec("select * from fetched where result = 'failed'").toArray(),
  );
  expect(owed).toEqual([]);
});

test("a source that has nothing is asked again after pauses that double", async () => {
  const of = await listed("NOTHING/USDT", ["binance"]);
  binance.history = () => [];
  await ask(of, "1h", { to: HOUR_NOW });
  const pause = () =>
    runInDurableObject(roomOf(of.symbol), (_, { storage }) =>
      storage.sql.exec<{ pause: number }>("select pause from fetched where result = 'empty'").toArray(),
    );
  expect(await pause()).toEqual([{ pause: MINUTE }]);
  for (const expected of [2 * MINUTE, 4 * MINUTE, 8 * MINUTE]) {
    clock.advance(expected);
    await ring(of.symbol);
    expect(await pause()).toEqual([{ pause: expected }]);
  }
});
