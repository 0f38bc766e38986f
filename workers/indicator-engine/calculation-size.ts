import { MAX_VALUES } from "../../contracts/indicator.ts";
import { ApiError, type InputError } from "../../contracts/problem.ts";
import { costOfIndicators, MAX_CALCULATION_BARS } from "../../contracts/request-costs.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { type BarsRange, barsNeeded } from "../../core/indicators/history.ts";
import type { IndicatorSpec } from "../../core/indicators/spec.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";

/** How large a calculation is, known before anything is read. */
export interface CalculationDemand {
  /** In units. */
  cost: number;
  /** Bars of each symbol, with their history; of the symbol that needs most. */
  barsOfOne: number;
  /** Numbers that are answered, of all symbols. */
  values: number;
}

/** How many numbers specs answer for each bar, with its time. */
export const valuesPerBar = (specs: readonly IndicatorSpec[]): number =>
  specs.reduce((sum, { definition }) => sum + definition.outputs.length, 1);

/**
 * How many numbers a calculation over a caller's own candles answers.
 * @throws ApiError calculation.too_large where they are more than one answer may hold
 */
export function valuesOfCandles(specs: readonly IndicatorSpec[], candles: number): number {
  const values = valuesPerBar(specs) * candles;
  if (values <= MAX_VALUES) return values;
  const detail = `The answer would hold ${values} numbers (candles × outputs of the indicators); one may hold ${MAX_VALUES}.`;
  const most = Math.floor(MAX_VALUES / valuesPerBar(specs));
  const message = `Split it: ask for fewer indicators at once, or send at most ${most} candles.`;
  const errors: InputError[] = [{ in: "body", path: "indicators", message }];
  throw new ApiError("calculation.too_large", `${detail} ${message}`, { errors });
}

/**
 * How large a calculation over symbols of the registry is.
 * @param asked how many symbols the request names, unknown ones included
 * @throws ApiError calculation.too_large where it is larger than one request's may be
 */
export function demandOf(
  records: readonly SymbolRecord[],
  asked: number,
  specs: readonly IndicatorSpec[],
  query: BarsRange,
): CalculationDemand {
  const now = Date.now() / 1000;
  const needs = records.map(({ primary_exchange }) => barsNeeded(specs, marketOf(primary_exchange), query, now));
  const barsOfOne = Math.max(0, ...needs);
  const bars = needs.reduce((sum, needed) => sum + needed, 0);
  const valuesOfOne = valuesPerBar(specs) * query.points;
  const values = valuesOfOne * asked;
  if (values > MAX_VALUES) {
    const detail = `The answer would hold ${values} numbers (symbols × outputs of the indicators × data_points); one may hold ${MAX_VALUES}.`;
    throw tooLarge(detail, asked, Math.floor(MAX_VALUES / valuesOfOne));
  }
  if (bars > MAX_CALCULATION_BARS) {
    const detail = `The calculation needs ${bars} bars, with the history from which its indicators converge; one may read ${MAX_CALCULATION_BARS}.`;
    throw tooLarge(detail, asked, Math.floor(MAX_CALCULATION_BARS / barsOfOne));
  }
  const cost = Math.max(
    costOfIndicators(asked, specs.length, query.points, 0),
    costOfIndicators(1, specs.length, query.points, bars),
  );
  return { cost, barsOfOne, values };
}

/** @param most symbols that one request may name with the same indicators and bars */
function tooLarge(detail: string, asked: number, most: number): ApiError {
  const message =
    asked > 1 && most >= 1
      ? `Split it: ask for at most ${most} symbols at once, for fewer indicators or data_points, or for shorter periods.`
      : "Split it: ask for fewer indicators or data_points at once, or for shorter periods.";
  const errors: InputError[] = [{ in: "body", path: asked > 1 ? "symbols" : "indicators", message }];
  return new ApiError("calculation.too_large", `${detail} ${message}`, { errors });
}
