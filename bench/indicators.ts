/**
 * What the indicators cost, beside two libraries and beside plain loops of the same accuracy, in the runtime that they are deployed
 * to; the default ten also in Node, to compare. Prints tables and writes bench/results/indicators.json. `node bench/indicators.ts`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { CATALOG, DEFAULT_INDICATORS } from "../core/indicators/catalog.ts";
import { checkFloor, contendersFor } from "./indicators/contenders.ts";
import { type Effort, medians } from "./indicators/measure.ts";
import { inNode, type Runtime, startWorkerd } from "./indicators/runtime.ts";
import { randomWalk } from "./indicators/series.ts";
import { print, type Row } from "./indicators/table.ts";

const LENGTHS = [100, 1_000, 10_000, 100_000];
const SUMMARY_LENGTH = 1_000;
const ALL_TEN = "default ten";

const THOROUGH: Effort = { warmUpMs: 1_000, budgetMs: 4_000 };
const USUAL: Effort = { warmUpMs: 100, budgetMs: 500 };
const BRIEF: Effort = { warmUpMs: 60, budgetMs: 150 };

async function measure(
  runtime: Runtime,
  indicator: string,
  names: readonly string[],
  candles: number,
  effort: Effort,
): Promise<Row> {
  const ms = await medians(runtime.contenders(names, candles, contendersFor(names)), effort);
  return {
    indicator,
    candles,
    ours_ms: ms.get("batch") ?? Number.NaN,
    stream_next_us: ((ms.get("stream") ?? Number.NaN) / candles) * 1e3,
    technicalindicators_ms: ms.get("technicalindicators"),
    trading_signals_ms: ms.get("trading-signals"),
    floor_ms: ms.get("floor"),
  };
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

const tenTogether = (runtime: Runtime, candles: number): Promise<Row> =>
  measure(runtime, ALL_TEN, DEFAULT_INDICATORS, candles, THOROUGH);

async function everyIndicator(runtime: Runtime, candles: number): Promise<Row[]> {
  const others = CATALOG.map(({ name }) => name).filter((name) => !DEFAULT_INDICATORS.includes(name));
  const rows = [await tenTogether(runtime, candles)];
  for (const name of DEFAULT_INDICATORS) rows.push(await measure(runtime, name, [name], candles, USUAL));
  for (const name of others) rows.push(await measure(runtime, name, [name], candles, BRIEF));
  return rows;
}

async function handlerMs(runtime: Runtime): Promise<number> {
  const contenders = runtime.contenders(DEFAULT_INDICATORS, SUMMARY_LENGTH, ["handler"]);
  return (await medians(contenders, THOROUGH)).get("handler") ?? Number.NaN;
}

for (const length of LENGTHS) checkFloor(randomWalk(length));
const workerd = await startWorkerd();
try {
  const rows: Row[] = [];
  for (const length of LENGTHS) {
    const ofLength = await everyIndicator(workerd, length);
    print(ofLength);
    rows.push(...ofLength);
  }
  const handler_ms = await handlerMs(workerd);
  const node = inNode();
  const nodeRows: Row[] = [];
  for (const length of LENGTHS) nodeRows.push(await tenTogether(node, length));
  console.log(`The default ten in ${node.version}, to compare:`);
  print(nodeRows);
  const summary = summaryOf(rows);
  console.log(`In ${workerd.version}:`, summary);
  console.log(`The handler, the ten over ${SUMMARY_LENGTH} bars, JSON included: ${handler_ms.toFixed(2)} ms`);
  const machine = { runtime: workerd.version, cores: availableParallelism() };
  const in_node = { version: node.version, rows: nodeRows };
  const record = { summary, handler_ms, machine, rows, in_node, at: new Date().toISOString() };
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "indicators.json"), `${JSON.stringify(record, null, 2)}\n`);
} finally {
  await workerd.stop();
}
