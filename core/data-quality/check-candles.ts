import type { CandleColumns } from "../candles.ts";
import { type Batch, CHECKS, type Finding, type ReportFinding, type SeriesRules } from "./finding.ts";
import { checkFrozen } from "./frozen.ts";
import { checkHours } from "./hours.ts";
import { checkOrder } from "./order.ts";
import { checkPlausible } from "./plausible.ts";
import { checkShift } from "./shift.ts";
import { checkSpikes } from "./spike.ts";
import { checkUnit } from "./unit.ts";

/** What is flagged in a series. */
export interface CandleCheck {
  /** 1 for every row that has a finding. The rows without one ascend strictly in time. */
  suspect: Uint8Array;
  /** By row, then in the order of `CHECKS`. */
  findings: Finding[];
}

/**
 * Checks a series of candles, in any order, before anything is merged or sorted away. Nothing is repaired, `candles` is not
 * changed, and `suspect` marks in it are not read: the judgement is of the numbers alone.
 *
 * A candle is checked by its neighbours on both sides. So pass a new batch together with some 200 stored candles before it,
 * and take the judgement of the last of those too: one that looked sound may be a spike now that the price came back, and
 * one that was flagged may be confirmed.
 */
export function checkCandles(candles: CandleColumns, rules: SeriesRules): CandleCheck {
  const batch: Batch = { ...rules, candles };
  const suspect = new Uint8Array(candles.length);
  const findings: Finding[] = [];
  const report: ReportFinding = (index, check, detail) => {
    suspect[index] = 1;
    findings.push({ index, time: candles.time[index], check, detail });
  };
  checkPlausible(batch, report);
  checkHours(batch, report);
  const line = checkOrder(batch, report);
  const isSound = (row: number) => suspect[row] === 0 && candles.close[row] > 0;
  const sound = line.rows.filter(isSound);
  checkShift(batch, line, report);
  checkUnit(batch, sound, report);
  const inUnit = new Set(findings.filter(({ check }) => check === "unit").map(({ index }) => index));
  const comparable = sound.filter((row) => !inUnit.has(row));
  checkSpikes(batch, comparable, report);
  checkFrozen(batch, comparable, report);
  findings.sort((a, b) => a.index - b.index || CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
  return { suspect, findings };
}
