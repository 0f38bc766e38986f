import { describe, expect, test } from "vitest";
import { coarsen } from "../../../core/candle-series/coarsen.ts";
import { importedSpans } from "../../../core/candle-series/imported-spans.ts";
import { originRuns } from "../../../core/candle-series/origin-runs.ts";
import { candlesFrom } from "../../../core/candles.ts";
import type { Interval } from "../../../core/interval.ts";
import { MARKETS, type MarketId } from "../../../core/market-calendar/markets.ts";
import type { Span } from "../../../core/spans.ts";
import { isoTime } from "../../../core/time.ts";

const at = (text: string): number => Date.parse(text) / 1000;
const NOW = at("2026-11-25T12:00:00Z");
const ALL = { from: -8.64e12, to: 8.64e12 };

/** Candles at these stamps whose close is the number of the candle, of one origin or of each its own. */
function candles(times: readonly number[], origins: readonly number[] = times.map(() => 1)) {
  const rows = times.map((time, i) => ({ ...{ time, open: 1, high: 1000, low: 0.5, close: i + 1, volume: 1 } }));
  const columns = candlesFrom(rows.map((row) => ({ ...row, revision: 0, suspect: false })));
  columns.origin.set(origins);
  return columns;
}

const every = (seconds: number, from: string, count: number): number[] =>
  Array.from({ length: count }, (_, i) => at(from) + i * seconds);

function coarse(
  times: readonly number[],
  given: { market: MarketId; from: Interval; to: Interval; answered?: Span[]; origins?: number[]; window?: Span },
) {
  const { market, from, to, answered, origins, window } = given;
  const partOf = (id: number) => ({ part: id, answered: answered ?? null });
  const query = { market: MARKETS[market], from, to, now: NOW, partOf, window: window ?? ALL };
  const made = coarsen(candles(times, origins), query);
  return { whole: Array.from(made.candles.time, isoTime), partial: made.partial.map(isoTime), candles: made.candles };
}

describe("coarser candles of imported minutes", () => {
  test("are those of which the file has all between the opening and the close", () => {
    const day = every(60, "2026-11-18T14:30:00Z", 390);
    const made = coarse(day, { market: "US", from: "1m", to: "1d" });
    expect(made).toMatchObject({ whole: ["2026-11-18T00:00:00.000Z"], partial: [] });
    expect(made.candles.close[0]).toBe(390);
    expect(made.candles.volume[0]).toBe(390);
  });

  test("whose bucket began before the file's first row, or goes on after its last, are partial", () => {
    const hour = every(60, "2026-11-20T14:50:00Z", 60);
    expect(coarse(hour, { market: "US", from: "1m", to: "1h" })).toMatchObject({ whole: [], partial: { length: 2 } });
    expect(coarse(hour, { market: "US", from: "1m", to: "1d" })).toMatchObject({ whole: [], partial: { length: 1 } });
  });

  test("that lack a minute between the first and the last row of a session are whole: it had no trade", () => {
    const day = every(60, "2026-11-18T14:30:00Z", 390).filter((_, i) => i !== 100 && i !== 101);
    expect(coarse(day, { market: "US", from: "1m", to: "1d" })).toMatchObject({ whole: { length: 1 }, partial: [] });
  });

  test("of a half day end with it", () => {
    const day = every(60, "2025-11-28T14:30:00Z", 210);
    const made = coarse(day, { market: "US", from: "1m", to: "1d" });
    expect(made).toMatchObject({ whole: ["2025-11-28T00:00:00.000Z"], partial: [] });
  });

  test("are never made of two parts", () => {
    const minutes = every(60, "2026-11-18T10:00:00Z", 120);
    const origins = minutes.map((_, i) => (i < 90 ? 1 : 2));
    const made = coarse(minutes, { market: "CRYPTO", from: "1m", to: "1h", origins });
    expect(made).toMatchObject({ whole: ["2026-11-18T10:00:00.000Z"], partial: ["2026-11-18T11:00:00.000Z"] });
  });

  test("beyond the window are not made", () => {
    const minutes = every(60, "2026-11-18T10:00:00Z", 180);
    const window = { from: at("2026-11-18T11:00:00Z"), to: at("2026-11-18T12:00:00Z") };
    expect(coarse(minutes, { market: "CRYPTO", from: "1m", to: "1h", window }).whole).toEqual([
      "2026-11-18T11:00:00.000Z",
    ]);
  });
});

describe("coarser candles of a provider's", () => {
  const minutes = every(60, "2026-11-18T10:00:00Z", 60).filter((_, i) => i > 5 && i < 50);

  test("are whole where the provider was asked for all of the bucket: what it lacks had no trade", () => {
    const answered = [{ from: at("2026-11-18T10:00:00Z"), to: at("2026-11-18T11:00:00Z") }];
    expect(coarse(minutes, { market: "CRYPTO", from: "1m", to: "1h", answered }).whole.length).toBe(1);
  });

  test("are partial where it was asked for a part", () => {
    const answered = [{ from: at("2026-11-18T10:05:00Z"), to: at("2026-11-18T11:00:00Z") }];
    expect(coarse(minutes, { market: "CRYPTO", from: "1m", to: "1h", answered }).partial.length).toBe(1);
  });
});

describe("weeks of days", () => {
  const week = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"].map(at);

  test("close with Friday, whatever a file has of Saturday", () => {
    const made = coarse([...week, at("2026-11-21")], { market: "FOREX", from: "1d", to: "1w" });
    expect(made.whole).toEqual(["2026-11-16T00:00:00.000Z"]);
    expect(made.candles.close[0]).toBe(5);
  });

  test("lack no holiday, and are partial where a trading day is missing", () => {
    const thanksgiving = ["2025-11-24", "2025-11-25", "2025-11-26", "2025-11-28"].map(at);
    expect(coarse(thanksgiving, { market: "US", from: "1d", to: "1w" }).whole.length).toBe(1);
    expect(coarse(thanksgiving.slice(1), { market: "US", from: "1d", to: "1w" }).partial.length).toBe(1);
  });
});

test("a file speaks of each session from its first to its last row, and of no day between", () => {
  const [monday, wednesday] = ["2026-11-16T15:00:00Z", "2026-11-18T16:00:00Z"].map((from) => every(60, from, 10));
  const spans = importedSpans(MARKETS.US, "1m", [...monday.filter((_, i) => i !== 4), ...wednesday]);
  expect(spans.map(({ from, to }) => [isoTime(from), isoTime(to)])).toEqual([
    ["2026-11-16T15:00:00.000Z", "2026-11-16T15:10:00.000Z"],
    ["2026-11-18T16:00:00.000Z", "2026-11-18T16:10:00.000Z"],
  ]);
});

test("runs of one origin join: each ends where the next begins, the last with its last bucket", () => {
  const days = ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-23"].map(at);
  const runs = originRuns(candles(days, [1, 1, 2, 1]), MARKETS.US, "1d");
  expect(runs.map(({ from, to, origin }) => [isoTime(from).slice(0, 10), isoTime(to).slice(0, 10), origin])).toEqual([
    ["2026-11-18", "2026-11-20", 1],
    ["2026-11-20", "2026-11-23", 2],
    ["2026-11-23", "2026-11-24", 1],
  ]);
});
