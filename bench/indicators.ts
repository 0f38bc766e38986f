/**
 * What the indicators cost, beside two libraries and beside plain loops of the same accuracy. Prints tables and writes
 * bench/results/indicators.json. Run with Node 24: `node bench/indicators.ts`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import type { CandleColumns } from "../core/candles.ts";
import { calculate, outputSize } from "../core/indicators/batch.ts";
import { candleSlot } from "../core/indicators/candle-slot.ts";
import { CATALOG, DEFAULT_INDICATORS } from "../core/indicators/catalog.ts";
import { IndicatorMachine } from "../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../core/indicators/spec.ts";
import { floorLoops } from "./indicators/floor.ts";
import { handlerCandles, handlerOf } from "./indicators/handler.ts";
import { technicalIndicators, tradingSignals } from "./indicators/libraries.ts";
import { type Contender, type Effort, medians } from "./indicators/measure.ts";
import { randomWalk } from "./indicators/series.ts";

const LENGTHS = [100, 1_000, 10_000, 100_000];
const SUMMARY_LENGTH = 1_000;
const ALL_TEN = "default ten";

const THOROUGH: Effort = { warmUpMs: 1_000, budgetMs: 4_000 };
const USUAL: Effort = { warmUpMs: 200, budgetMs: 400 };
const BRIEF: Effort = { warmUpMs: 80, budgetMs: 80 };

interface Row {
  indicator: string;
  candles: number;
  ours_ms: number;
  stream_next_us: number;
  technicalindicators_ms?: number;
  trading_signals_ms?: number;
  floor_ms?: number;
}

/** Ours over a whole series; the machines are made anew for each run, the memory of the outputs is kept. */
function batchOf(specs: readonly IndicatorSpec[], candles: CandleColumns): () => void {
  const memory = new Float64Array(outputSize(specs, candles.length));
  return () => {
    calculate(specs, candles, { memory });
  };
}

/** Ours candle by candle; the machines are made anew for each run over the series. */
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

/** Fails unless the plain loops give what the kernels give, to 1e-9. */
function checkFloor(specs: readonly IndicatorSpec[], candles: CandleColumns): void {
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

function measure(indicator: string, names: readonly string[], candles: CandleColumns, effort: Effort): Row {
  const specs = names.map(parseSpec);
  const contenders: Contender[] = [
    { name: "batch", run: batchOf(specs, candles) },
    { name: "stream", run: streamOf(specs, candles) },
  ];
  const compared = names.every((name) => DEFAULT_INDICATORS.includes(name));
  if (compared) {
    const runAll = (runs: ReadonlyMap<string, () => void>) => () => {
      for (const name of names) runs.get(name)?.();
    };
    contenders.push(
      { name: "technicalindicators", run: runAll(technicalIndicators(candles)) },
      { name: "trading-signals", run: runAll(tradingSignals(candles)) },
      { name: "floor", run: floorOf(specs, candles) },
    );
  }
  const ms = medians(contenders, effort);
  const batch = ms.get("batch") ?? Number.NaN;
  const stream = ms.get("stream") ?? Number.NaN;
  const row: Row = {
    indicator,
    candles: candles.length,
    ours_ms: batch,
    stream_next_us: (stream / candles.length) * 1e3,
  };
  if (!compared) return row;
  return {
    ...row,
    technicalindicators_ms: ms.get("technicalindicators"),
    trading_signals_ms: ms.get("trading-signals"),
    floor_ms: ms.get("floor"),
  };
}

function print(rows: readonly Row[]): void {
  const number = (value: number | undefined, digits: number) => (value === undefined ? "" : value.toFixed(digits));
  const ratio = (value: number | undefined, by: number | undefined, digits: number) =>
    value === undefined || by === undefined ? "" : `${(value / by).toFixed(digits)}×`;
  console.table(
    rows.map((row) => ({
      indicator: row.indicator,
      candles: row.candles,
      "ours ms": number(row.ours_ms, 4),
      "next µs": number(row.stream_next_us, 3),
      "technicalindicators ms": number(row.technicalindicators_ms, 3),
      "trading-signals ms": number(row.trading_signals_ms, 3),
      "floor ms": number(row.floor_ms, 4),
      "technicalindicators / ours": ratio(row.technicalindicators_ms, row.ours_ms, 0),
      "ours / floor": ratio(row.ours_ms, row.floor_ms, 2),
    })),
  );
}

function summaryOf(rows: readonly Row[]) {
  const row = rows.find(({ indicator, candles }) => indicator === ALL_TEN && candles === SUMMARY_LENGTH);
  const { technicalindicators_ms = Number.NaN, floor_ms = Number.NaN, ours_ms, stream_next_us } = row ?? rows[0];
  return {
    candles: SUMMARY_LENGTH,
    ours_ms,
    stream_next_us,
    technicalindicators_ms,
    floor_ms,
    vs_technicalindicators: technicalindicators_ms / ours_ms,
    vs_floor: ours_ms / floor_ms,
  };
}

const others = CATALOG.map(({ name }) => name).filter((name) => !DEFAULT_INDICATORS.includes(name));
const rows: Row[] = [];
for (const length of LENGTHS) {
  const candles = randomWalk(length);
  checkFloor(DEFAULT_INDICATORS.map(parseSpec), candles);
  const ofLength = [
    measure(ALL_TEN, DEFAULT_INDICATORS, candles, THOROUGH),
    ...DEFAULT_INDICATORS.map((name) => measure(name, [name], candles, USUAL)),
    ...others.map((name) => measure(name, [name], candles, BRIEF)),
  ];
  print(ofLength);
  rows.push(...ofLength);
}
const summary = summaryOf(rows);
const handler = handlerOf(DEFAULT_INDICATORS.map(parseSpec), randomWalk(handlerCandles(SUMMARY_LENGTH)));
const handlerMs = medians([{ name: "handler", run: handler }], USUAL).get("handler");
console.log(summary);
console.log(
  `GET /indicators/{symbol}, the ten over ${SUMMARY_LENGTH} bars, JSON included: ${handlerMs?.toFixed(2)} ms`,
);
mkdirSync("bench/results", { recursive: true });
writeFileSync(
  "bench/results/indicators.json",
  `${JSON.stringify({ summary, handler_ms: handlerMs, node: process.version, rows }, null, 2)}\n`,
);
