import type { CandleColumns } from "../../core/candles.ts";
import { calculate, outputSize } from "../../core/indicators/batch.ts";
import { candleSlot } from "../../core/indicators/candle-slot.ts";
import { DEFAULT_INDICATORS } from "../../core/indicators/catalog.ts";
import { IndicatorMachine } from "../../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../../core/indicators/spec.ts";
import { floorLoops } from "./floor.ts";
import { technicalIndicators, tradingSignals } from "./libraries.ts";

/** Who can be measured, and what each does once. */
export type Runs = ReadonlyMap<string, () => void>;

/** What there is to compare: ours in batch and in stream; of the default ten also the two libraries and the plain loops. */
export function contendersFor(names: readonly string[]): readonly string[] {
  const compared = names.every((name) => DEFAULT_INDICATORS.includes(name));
  return compared ? ["batch", "stream", "technicalindicators", "trading-signals", "floor"] : ["batch", "stream"];
}

/** All contenders for these indicators over one series. */
export function runsOf(names: readonly string[], candles: CandleColumns): Runs {
  const specs = names.map(parseSpec);
  const runAll = (runs: Runs) => () => {
    for (const name of names) runs.get(name)?.();
  };
  return new Map<string, () => void>([
    ["batch", batchOf(specs, candles)],
    ["stream", streamOf(specs, candles)],
    ["technicalindicators", runAll(technicalIndicators(candles))],
    ["trading-signals", runAll(tradingSignals(candles))],
    ["floor", floorOf(specs, candles)],
  ]);
}

/** Ours over a whole series; the machines are made again for each run, the memory of the outputs is kept. */
function batchOf(specs: readonly IndicatorSpec[], candles: CandleColumns): () => void {
  const memory = new Float64Array(outputSize(specs, candles.length));
  return () => {
    calculate(specs, candles, { memory });
  };
}

/** Ours candle by candle; the machines are made again for each run over the series. */
function streamOf(specs: readonly IndicatorSpec[], candles: CandleColumns): () => void {
  const slot = candleSlot();
  return () => {
    const machines = specs.map((spec) => new IndicatorMachine(spec));
    for (let i = 0; i < candles.length; i++) {
      slot.time[0] = candles.time[i];
      slot.open[0] = candles.open[i];
      slot.high[0] = candles.high[i];
      slot.low[0] = candles.low[i];
      slot.close[0] = candles.close[i];
      slot.volume[0] = candles.volume[i];
      for (const machine of machines) machine.next(slot);
    }
  };
}

/** The plain loops, in output columns that are kept as ours are. */
function floorOf(specs: readonly IndicatorSpec[], candles: CandleColumns): () => Float64Array[][] {
  const { length } = candles;
  const loops = floorLoops(new Float64Array(length));
  const columns = specs.map(({ definition }) => definition.outputs.map(() => new Float64Array(length)));
  return () => {
    specs.forEach(({ definition }, s) => {
      loops.get(definition.name)?.(candles, columns[s]);
    });
    return columns;
  };
}

/** Fails unless the plain loops return what the kernels return, to 1e-9. */
export function checkFloor(candles: CandleColumns): void {
  const specs = DEFAULT_INDICATORS.map(parseSpec);
  const floor = floorOf(specs, candles)();
  calculate(specs, candles).forEach(({ spec, outputs }, s) => {
    spec.definition.outputs.forEach((name, output) => {
      const off = outputs[name].findIndex((value, i) => {
        const other = floor[s][output][i];
        return (
          Number.isNaN(value) !== Number.isNaN(other) || Math.abs(value - other) > 1e-9 * Math.max(1, Math.abs(value))
        );
      });
      if (off !== -1) throw new Error(`${spec.key} ${name}: the plain loop differs at candle ${off}.`);
    });
  });
}
