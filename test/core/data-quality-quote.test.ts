import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anomalyOf,
  checkQuote,
  EMPTY_MEMORY,
  type Print,
  type QuoteDecision,
  type QuoteMemory,
} from "../../core/data-quality/check-quote.ts";
import { MARKETS, type MarketId } from "../../core/market-calendar/markets.ts";
import { DAY, HOUR } from "../../core/time.ts";

/** A Wednesday, 12:00 in Johannesburg. */
const NOON = Date.UTC(2026, 8, 2, 10) / 1000;

const print = (price: number, seconds: number, source = "binance"): Print => ({ price, time: NOON + seconds, source });

/** Sends the prints one after the other, each at its own time, and collects what became of them. */
function checkAll(prints: readonly Print[], market: MarketId = "CRYPTO", memory: QuoteMemory = EMPTY_MEMORY) {
  const verdicts: QuoteDecision[] = [];
  let held = memory;
  for (const candidate of prints) {
    const judgement = checkQuote(candidate, held, { market: MARKETS[market], now: candidate.time });
    verdicts.push(judgement.decision);
    held = judgement.memory;
  }
  return { verdicts, memory: held, price: held.recent.at(-1)?.price };
}

const names = (verdicts: readonly QuoteDecision[]) =>
  verdicts.map((verdict) => {
    if (verdict.verdict === "suspicious") return verdict.reason;
    return verdict.confirmed ? "confirmed" : "accept";
  });

/** Forty prints, one each 15 seconds, up and down by a tenth of a percent, the last at second 0. */
const calm = (price: number, source?: string): Print[] =>
  Array.from({ length: 40 }, (_, i) => print(price * (1 + 0.001 * Math.sin(i * 2.4)), (i - 39) * 15, source));

const known = (price: number, market?: MarketId, source?: string): QuoteMemory =>
  checkAll(calm(price, source), market).memory;

describe("a print that is published beside others", () => {
  const rules = { market: MARKETS.CRYPTO, now: NOON + 15 };

  test.each([
    [print(60_010, -300, "coingecko"), null],
    [print(600, -300, "coingecko"), "unit"],
    [print(90_000, -300, "coingecko"), "spike"],
    [print(90_000, -3_000, "coingecko"), "spike"],
    [print(-1, -300, "coingecko"), "impossible"],
    [print(60_010, 5), null],
    [print(600, 5), "unit"],
  ] as const)("%o is checked although it may be older than the last one: %s", (candidate, fault) => {
    expect(anomalyOf(candidate, known(60_000), rules)).toBe(fault);
    expect(anomalyOf(print(60_000, 0), EMPTY_MEMORY, rules)).toBeNull();
  });
});

describe("a print", () => {
  test("is accepted where nothing is known yet, and where it moves as the market does", () => {
    expect(names(checkAll(calm(60_000)).verdicts)).toEqual(Array.from({ length: 40 }, () => "accept"));
  });

  test.each([
    [print(0, 15), "impossible"],
    [print(-1, 15), "impossible"],
    [print(Number.NaN, 15), "impossible"],
    [print(Number.POSITIVE_INFINITY, 15), "impossible"],
    [{ ...print(60_000, 15), time: Number.NaN }, "impossible"],
    [print(60_000, 3600), "future"],
    [print(60_000, -60), "older"],
  ])("%o is %s, and leaves no trace", (candidate, reason) => {
    const memory = known(60_000);
    const judgement = checkQuote(candidate, memory, { market: MARKETS.CRYPTO, now: NOON + 15 });
    expect(judgement.decision).toMatchObject({ verdict: "suspicious", reason });
    expect(judgement.memory).toBe(memory);
  });

  test("may be below 0 where the market knows such prices", () => {
    const memory = checkAll([print(1.5, 0)]).memory;
    const rules = { market: MARKETS.CRYPTO, now: NOON + 60, negativePrices: true };
    expect(checkQuote(print(-37.63, 60), memory, rules).decision.verdict).toBe("accept");
  });
});

describe("a suspicious print", () => {
  test("does not replace the good one, and is forgotten when the price is back", () => {
    const { verdicts, memory, price } = checkAll([print(45_000, 15), print(60_010, 30)], "CRYPTO", known(60_000));
    expect(names(verdicts)).toEqual(["spike", "accept"]);
    expect(price).toBe(60_010);
    expect(memory.doubted).toBeNull();
    expect(memory.recent.some((accepted) => accepted.price === 45_000)).toBe(false);
  });

  test("is confirmed by the next print of its source: a crash that lasts", () => {
    const { verdicts, price } = checkAll(
      [print(45_000, 15), print(44_800, 30), print(44_900, 45)],
      "CRYPTO",
      known(60_000),
    );
    expect(names(verdicts)).toEqual(["spike", "confirmed", "accept"]);
    expect(price).toBe(44_900);
  });

  test("is confirmed by a second source", () => {
    const { verdicts } = checkAll([print(45_000, 15), print(45_100, 15, "coingecko")], "CRYPTO", known(60_000));
    expect(names(verdicts)).toEqual(["spike", "confirmed"]);
  });

  test("is not confirmed by being sent again, nor by another that agrees with neither", () => {
    const again = [print(45_000, 15), print(45_000, 15), print(45_000, 15), print(30_000, 30), print(60_000, 45)];
    const { verdicts } = checkAll(again, "CRYPTO", known(60_000));
    expect(names(verdicts)).toEqual(["spike", "spike", "spike", "spike", "accept"]);
  });

  test("is a step of the size that the time between makes usual", () => {
    const soon = checkAll([print(57_000, 15)], "CRYPTO", known(60_000));
    const tomorrow = checkAll([print(57_000, DAY)], "CRYPTO", known(60_000));
    const longAgo = checkAll([print(20_000, 30 * DAY)], "CRYPTO", known(60_000));
    expect(names([...soon.verdicts, ...tomorrow.verdicts, ...longAgo.verdicts])).toEqual(["spike", "accept", "accept"]);
  });

  test("is measured by its market: forex steps are small", () => {
    expect(names(checkAll([print(18.4, 15)], "FOREX", known(18, "FOREX")).verdicts)).toEqual(["spike"]);
    expect(names(checkAll([print(18.4, 15)], "JSE", known(18, "JSE")).verdicts)).toEqual(["accept"]);
  });

  test("after a night may be a usual one in the morning", () => {
    const evening = 5 * HOUR;
    const close = checkAll([print(1000, evening - 15)], "JSE", known(1000, "JSE")).memory;
    expect(names(checkAll([print(1060, evening + 17 * HOUR)], "JSE", close).verdicts)).toEqual(["accept"]);
  });
});

describe("a price in another unit", () => {
  test("is not confirmed by its own source within a day, but by a second one", () => {
    const memory = known(180_000, "JSE", "jse");
    const hours = Array.from({ length: 5 }, (_, i) => print(1800 + i, 15 + i * HOUR, "jse"));
    expect(names(checkAll(hours, "JSE", memory).verdicts)).toEqual(["unit", "unit", "unit", "unit", "unit"]);
    expect(checkAll(hours, "JSE", memory).price).toBeCloseTo(calm(180_000)[39].price, 6);
    const second = [...hours.slice(0, 1), print(1801, 30, "alpha_vantage")];
    expect(names(checkAll(second, "JSE", memory).verdicts)).toEqual(["unit", "confirmed"]);
    const nextDay = [...hours.slice(0, 1), print(1801, 15 + DAY, "jse")];
    expect(names(checkAll(nextDay, "JSE", memory).verdicts)).toEqual(["unit", "confirmed"]);
  });

  test("is left at the next print where the wrong one came first", () => {
    const prints = [print(1800, 0, "jse"), print(180_000, 15, "jse"), print(180_010, 30, "jse")];
    expect(names(checkAll(prints, "JSE").verdicts)).toEqual(["accept", "unit", "confirmed"]);
  });

  test("never gets through alone, however the market moves", () => {
    fc.assert(
      fc.property(
        fc.array(fc.noBias(fc.integer({ min: -1000, max: 1000 })), { minLength: 5, maxLength: 60 }),
        fc.constantFrom(100, 0.01),
        fc.constantFrom<MarketId>("JSE", "US", "CRYPTO", "FOREX"),
        (steps, factor, market) => {
          let price = 100;
          const walk = steps.map((step, i) => {
            price *= Math.exp((0.005 * step) / 1000);
            return print(price, i * 15);
          });
          const { verdicts, memory } = checkAll(walk, market);
          expect(names(verdicts).every((name) => name === "accept")).toBe(true);
          const glitch = print(price * factor, steps.length * 15);
          expect(names(checkAll([glitch], market, memory).verdicts)).toEqual(["unit"]);
        },
      ),
    );
  });
});

test("whatever is sent, nothing throws, the memory stays small and every price in it is above 0", () => {
  const any = fc.record({
    price: fc.oneof(fc.double(), fc.double({ min: 50, max: 200, noNaN: true })),
    time: fc.oneof(fc.double(), fc.integer({ min: NOON - DAY, max: NOON + DAY })),
    source: fc.constantFrom("binance", "coingecko"),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 100 }), fc.constantFrom(...Object.values(MARKETS)), (prints, market) => {
      let memory = EMPTY_MEMORY;
      for (const candidate of prints) memory = checkQuote(candidate, memory, { market, now: NOON }).memory;
      expect(memory.recent.length).toBeLessThanOrEqual(60);
      expect(memory.recent.every(({ price }) => price > 0)).toBe(true);
    }),
  );
});
