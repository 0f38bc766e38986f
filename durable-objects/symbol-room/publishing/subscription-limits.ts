import { MAX_LIVE_INDICATORS } from "../../../contracts/stream.ts";
import { IndicatorSpecError } from "../../../core/indicators/indicator-spec-error.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import type { IndicatorInterest, Interest, RejectedIndicator } from "../../symbol-events/symbol-events.ts";
import { indicatorKey } from "./hub-leases.ts";

/** Why an indicator cannot be watched; null where it can. */
export function refusalOf(indicator: IndicatorInterest): RejectedIndicator | null {
  try {
    parseSpec(indicator.spec);
    return null;
  } catch (error) {
    if (!(error instanceof IndicatorSpecError)) throw error;
    return { ...indicator, code: error.code, detail: error.message };
  }
}

const TOO_MANY = `This symbol has ${MAX_LIVE_INDICATORS} live indicators, the most that one may have. Ask /indicators for others.`;

/** What of a hub's interest can be met beside what `others` watch, and the indicators that cannot. */
export function limitInterest(
  interest: Interest,
  others: readonly IndicatorInterest[],
): { accepted: Interest; refused: RejectedIndicator[] } {
  const refused: RejectedIndicator[] = [];
  const watched = new Set(others.map(indicatorKey));
  const indicators = interest.indicators.filter((indicator) => {
    const isFull = watched.size >= MAX_LIVE_INDICATORS && !watched.has(indicatorKey(indicator));
    const refusal =
      refusalOf(indicator) ??
      (isFull ? { ...indicator, code: "stream.too_many_subscriptions" as const, detail: TOO_MANY } : null);
    if (refusal) refused.push(refusal);
    else watched.add(indicatorKey(indicator));
    return refusal === null;
  });
  return { accepted: { ...interest, indicators }, refused };
}
