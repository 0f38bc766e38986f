import { describe, expect, it } from "vitest";
import { type CandleColumns, candleAt, emptyCandles, sliceCandles } from "../../../core/candles.ts";
import { calculate } from "../../../core/indicators/batch.ts";
import { candleSlot, fillSlot } from "../../../core/indicators/candle-slot.ts";
import { CATALOG, DEFAULT_INDICATORS, indicatorNamed } from "../../../core/indicators/catalog.ts";
import { CATEGORIES, type IndicatorDefinition } from "../../../core/indicators/indicator.ts";
import { IndicatorSpecError } from "../../../core/indicators/indicator-spec-error.ts";
import { IndicatorMachine } from "../../../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../../../core/indicators/spec.ts";
import { closesOnly, movingCandles, random, randomCandles, withUnknown } from "./series.ts";

const quiet = withUnknown(
  withUnknown(withUnknown(randomCandles(400), "close", 120, 121), "high", 260),
  "volume",
  150,
  300,
);

/** Prices of many sizes, in whose sums almost every addition is rounded: its order shows in the last bits. */
const wild = movingCandles(1_100, { step: 0.4 });

/** The specs of an entry that the contract is tried with: the defaults and its worked example. */
const specsOf = (definition: IndicatorDefinition): IndicatorSpec[] =>
  [definition.name, definition.example].map(parseSpec);

/** The columns of a batch, in the order of the outputs. */
function batch(spec: IndicatorSpec, candles: CandleColumns): Float64Array[] {
  const { outputs } = calculate([spec], candles)[0];
  return spec.definition.outputs.map((name) => outputs[name]);
}

/** The columns that a machine returns candle by candle. */
function streamed(machine: IndicatorMachine, candles: CandleColumns): Float64Array[] {
  const slot = candleSlot();
  const columns = machine.spec.definition.outputs.map(() => new Float64Array(candles.length));
  for (let i = 0; i < candles.length; i++) {
    const values = machine.next(fillSlot(slot, candleAt(candles, i)));
    columns.forEach((column, output) => {
      column[i] = values[output];
    });
  }
  return columns;
}

/** The outputs that do not look ahead. */
const streamable = ({ definition }: IndicatorSpec, columns: readonly Float64Array[]) =>
  columns.filter((_, output) => !definition.lookahead?.includes(definition.outputs[output]));

describe("the catalogue", () => {
  it("has every name once, in upper case, in a known category, with an algorithm of its own", () => {
    const names = CATALOG.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(CATALOG.map(({ algorithm }) => algorithm)).size).toBe(names.length);
    for (const definition of CATALOG) {
      expect(definition.name).toMatch(/^[A-Z][A-Z_]*$/);
      expect(CATEGORIES).toContain(definition.category);
      expect(definition.algorithm).toMatch(/@\d+$/);
      expect(definition.outputs.length === 1 ? definition.outputs : [definition.name.toLowerCase()]).toEqual([
        definition.name.toLowerCase(),
      ]);
      for (const text of [definition.description, definition.formula, definition.reference]) expect(text).not.toBe("");
    }
  });

  it("has at least fifteen candlestick patterns, and the ten defaults", () => {
    expect(CATALOG.filter(({ category }) => category === "pattern").length).toBeGreaterThanOrEqual(15);
    expect(DEFAULT_INDICATORS.map((name) => indicatorNamed(name)?.name)).toEqual(DEFAULT_INDICATORS);
  });
});

describe("a batch of several specs", () => {
  it("has for each the bits that it has alone, over any number of candles", () => {
    const specs = CATALOG.flatMap(specsOf);
    for (const candles of [quiet, movingCandles(2_500)]) {
      for (const { spec, outputs } of calculate(specs, candles)) {
        expect(
          spec.definition.outputs.map((name) => outputs[name]),
          spec.key,
        ).toEqual(batch(spec, candles));
      }
    }
  });
});

describe.each(CATALOG.map((definition) => [definition.name, definition] as const))("%s", (_, definition) => {
  const specs = specsOf(definition);

  it("has its first value of each output exactly after its warm-up, and every one from there on", () => {
    const candles = movingCandles(300);
    for (const spec of specs) {
      const warmUp = definition.warmUp(spec.numbers);
      expect(warmUp.length).toBe(definition.outputs.length);
      batch(spec, candles).forEach((column, output) => {
        const behind = definition.lookahead?.includes(definition.outputs[output]) ? 25 : 0;
        const values = column.subarray(0, candles.length - behind);
        const firstValue = values.findIndex((value) => !Number.isNaN(value));
        const lastUnknown = values.findLastIndex((value) => Number.isNaN(value));
        expect([firstValue, lastUnknown], `${spec.key} ${definition.outputs[output]}`).toEqual([
          warmUp[output],
          warmUp[output] - 1,
        ]);
      });
    }
  });

  it("returns the same bits candle by candle as in one batch, with unknown fields and without", () => {
    for (const spec of specs) {
      for (const candles of [quiet, movingCandles(1_100), wild]) {
        const expected = streamable(spec, batch(spec, candles));
        expect(streamable(spec, streamed(new IndicatorMachine(spec), candles))).toEqual(expected);
      }
    }
  });

  it("returns the same bits however the series is cut into blocks", () => {
    const next = random(11);
    for (const spec of specs) {
      for (const candles of [quiet, wild]) {
        const machine = new IndicatorMachine(spec);
        const columns = definition.outputs.map(() => new Float64Array(candles.length));
        for (let start = 0; start < candles.length; ) {
          const end = Math.min(candles.length, start + 1 + Math.floor(60 * next()));
          machine.run(
            sliceCandles(candles, start, end),
            columns.map((column) => column.subarray(start, end)),
          );
          start = end;
        }
        expect(streamable(spec, columns)).toEqual(streamable(spec, batch(spec, candles)));
      }
    }
  });

  it("peeks at the value of the next candle without changing its state", () => {
    const slot = candleSlot();
    for (const spec of specs) {
      const peeked = new IndicatorMachine(spec);
      const undisturbed = new IndicatorMachine(spec);
      for (let i = 0; i < quiet.length; i++) {
        const closing = candleAt(quiet, i);
        peeked.peek(fillSlot(slot, { ...closing, close: 1, low: 1, high: 1e6, volume: 5 }));
        const preview = peeked.peek(fillSlot(slot, closing)).slice();
        expect(peeked.next(slot)).toEqual(preview);
        expect(undisturbed.next(slot)).toEqual(preview);
      }
      expect(peeked.save()).toEqual(undisturbed.save());
    }
  });

  it("is taken up again from JSON in the middle of a series, at any candle", () => {
    for (const spec of specs) {
      const expected = streamable(spec, streamed(new IndicatorMachine(spec), quiet));
      for (const cut of [0, 1, 13, 120, 121, 122, 199, 300]) {
        const before = new IndicatorMachine(spec);
        streamed(before, sliceCandles(quiet, 0, cut));
        const after = new IndicatorMachine(spec);
        after.restore(JSON.parse(JSON.stringify(before.save())));
        const rest = streamable(spec, streamed(after, sliceCandles(quiet, cut)));
        expect(rest).toEqual(expected.map((column) => column.slice(cut)));
      }
    }
  });

  it("refuses a state of another algorithm and one of other parameters", () => {
    const machine = new IndicatorMachine(specs[0]);
    const saved = machine.save();
    expect(() => machine.restore({ ...saved, algorithm: "other@1" })).toThrow(/other@1/);
    expect(() => machine.restore({ ...saved, numbers: [...saved.numbers, 0] })).toThrow(/numbers/);
  });

  it("returns columns as long as the candles, also for none and one", () => {
    for (const length of [0, 1, 2, 5]) {
      for (const column of batch(specs[0], movingCandles(length))) expect(column.length).toBe(length);
    }
  });

  it("never returns an infinity, nor a number where everything is unknown", () => {
    const hostile = [
      closesOnly(new Array<number>(120).fill(0)),
      closesOnly(Array.from({ length: 120 }, (_, i) => (i % 3 === 0 ? 0 : i))),
      closesOnly(Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 1e-300 : 1e100))),
      closesOnly(Array.from({ length: 120 }, (_, i) => (i % 50 === 0 ? -5 : 5))),
      { ...movingCandles(120), volume: new Float64Array(120) },
    ];
    for (const spec of specs) {
      for (const candles of hostile) {
        for (const column of batch(spec, candles)) {
          expect(column.every((value) => Number.isFinite(value) || Number.isNaN(value))).toBe(true);
        }
      }
      for (const column of batch(spec, emptyCandles(60))) expect(column.every(Number.isNaN)).toBe(true);
    }
  });

  it("does not depend on what came before once it has settled", () => {
    const settling = definition.convergence(specs[0].numbers, specs[0].choices);
    if ("since" in settling) return;
    const candles = movingCandles(settling.candles + 700, { seed: 3 });
    const whole = batch(specs[0], candles);
    const late = batch(specs[0], sliceCandles(candles, 500));
    whole.forEach((column, output) => {
      for (let i = 500 + settling.candles; i < candles.length; i++) {
        if (Number.isNaN(column[i])) continue;
        const size = Math.max(Math.abs(column[i]), 1e-3);
        expect(Math.abs(late[output][i - 500] - column[i]) / size).toBeLessThan(1e-9);
      }
    });
  });

  it("refuses values out of range, naming the parameter, the value and the range", () => {
    for (const parameter of definition.parameters) {
      if ("values" in parameter) {
        expectRefusal(definition, parameter.name, "nonsense", parameter.values[0]);
        continue;
      }
      const { min, max, integer } = parameter;
      const wrong = [`${max + 1}`, "-3", "1e3", "abc", "", "Infinity", "NaN", "0x10", ...(integer ? ["2.5"] : [])];
      for (const value of wrong) expectRefusal(definition, parameter.name, value, `from ${min} to ${max}`);
      if (min > 0) expectRefusal(definition, parameter.name, "0", `from ${min} to ${max}`);
    }
  });

  it.skipIf(definition.validate !== undefined)("accepts both ends of every range", () => {
    for (const parameter of definition.parameters) {
      const allowed = "values" in parameter ? parameter.values : [parameter.min, parameter.max];
      for (const value of allowed) {
        const { numbers, choices } = parseSpec(`${definition.name}:${parameter.name}=${value}`);
        expect(numbers[parameter.name] ?? choices[parameter.name]).toBe(value);
      }
    }
  });
});

function expectRefusal(definition: IndicatorDefinition, parameter: string, value: string, range: string): void {
  let refusal: unknown;
  try {
    parseSpec(`${definition.name}:${parameter}=${value}`);
  } catch (error) {
    refusal = error;
  }
  if (!(refusal instanceof IndicatorSpecError))
    throw new Error(`${definition.name}:${parameter}=${value} was accepted.`);
  expect(refusal.code).toBe("indicator.invalid_parameters");
  expect(refusal.parameter).toBe(parameter);
  expect(refusal.message).toContain(`${parameter} is "${value}"`);
  expect(refusal.message).toContain(range);
}
