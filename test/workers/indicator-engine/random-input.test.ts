import fc from "fast-check";
import { expect, test } from "vitest";
import { CATALOG } from "../../../core/indicators/catalog.ts";
import { INTERVALS } from "../../../core/interval.ts";
import { calculate, call } from "./engine-client.ts";

/** The same inputs each time: a failure can be looked at, and a good run is not luck. */
const RUNS = { numRuns: 500, seed: 20_261_122 };
const LIMIT_MS = 120_000;

const name = fc.constantFrom(...CATALOG.map((definition) => definition.name), "", "rsi ", "__proto__", "NOPE");
const number = fc.oneof(
  fc.integer({ min: -5, max: 60 }).map(String),
  fc.double({ min: 0, max: 5, noNaN: true }).map(String),
  fc.constantFrom("1000", "1001", "0.01", "1e3", "NaN", "Infinity", "-0", "", " 5 ", "００", "9".repeat(30)),
);
const parameter = fc.oneof(
  number,
  fc
    .tuple(
      fc.constantFrom("period", "fast", "slow", "source", "anchor", "k", "__proto__", ""),
      fc.oneof(number, fc.constantFrom("hl2", "week")),
    )
    .map((pair) => pair.join("=")),
  fc.string({ maxLength: 10, unit: "binary" }),
);
const spec = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(name, fc.array(parameter, { maxLength: 4 })).map(([head, rest]) => [head, ...rest].join(":")),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 40, unit: "binary" }) },
);

/** Reads an answer that must be JSON, and no fault of ours. */
async function expectAnswer(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBeLessThan(500);
  const body: unknown = JSON.parse(text);
  expect(body).toHaveProperty("success", response.status === 200);
}

test("no spec makes the service fail", { timeout: LIMIT_MS }, async () => {
  const specs = fc.array(spec, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(specs, async (texts) => {
      const query = new URLSearchParams(texts.map((text) => ["indicators", text]));
      await expectAnswer(await call(`/indicators/BTC/USDT?interval=1d&data_points=3&to=2026-06-17&${query}`));
    }),
    RUNS,
  );
});

test("no body makes the service fail", { timeout: LIMIT_MS }, async () => {
  const price = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }) },
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom("5", true)) },
  );
  const candle = fc.record(
    { open: price, high: fc.constant(1e4), low: fc.constant(-1e4), close: price, volume: price },
    { requiredKeys: [] },
  );
  const candles = fc.array(candle, { maxLength: 60 }).map((rows) => rows.map((row, i) => ({ time: 60 * i, ...row })));
  const specs = fc.array(spec, { maxLength: 3 });
  const symbol = fc.constantFrom(
    "BTC/USDT",
    "btc-usdt",
    "AAPL",
    "BTC",
    "NOPE",
    "",
    "__proto__",
    "\u0000",
    "A".repeat(70),
  );
  const ascending = fc.oneof(candles, fc.array(fc.jsonValue(), { maxLength: 3 }));
  const body = fc.oneof(
    fc.record({ candles: ascending, indicators: specs }, { requiredKeys: ["candles"] }),
    fc.record({ candles }),
    fc.record(
      {
        symbol,
        indicators: specs,
        interval: fc.constantFrom(...INTERVALS.slice(4), "2h"),
        data_points: fc.constantFrom(1, 7, 0, 1.5, "3"),
      },
      { requiredKeys: ["symbol"] },
    ),
    fc.record(
      { symbols: fc.array(symbol, { maxLength: 4 }), indicators: specs, data_points: fc.constant(2) },
      { requiredKeys: ["symbols"] },
    ),
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(
      fc.constantFrom("symbol", "symbols", "candles", "indicators", "__proto__", "constructor"),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(body, async (value) => expectAnswer(await calculate(JSON.stringify(value)))),
    RUNS,
  );
});
