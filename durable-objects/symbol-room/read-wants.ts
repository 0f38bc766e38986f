import { IndicatorSpecError } from "../../core/indicators/indicator-spec-error.ts";
import { parseSpec } from "../../core/indicators/spec.ts";
import type { RefusedIndicator, WantedIndicator, Wants } from "../audience/feed.ts";

/** Why an indicator cannot be watched; null where it can. */
export function refusalOf(wanted: WantedIndicator): RefusedIndicator | null {
  try {
    parseSpec(wanted.spec);
    return null;
  } catch (error) {
    if (!(error instanceof IndicatorSpecError)) throw error;
    return { ...wanted, code: error.code, detail: error.message };
  }
}

/** What of an audience's wishes can be met, and the indicators that cannot. */
export function readWants(wants: Wants): { accepted: Wants; refused: RefusedIndicator[] } {
  const refused: RefusedIndicator[] = [];
  const indicators = wants.indicators.filter((wanted) => {
    const refusal = refusalOf(wanted);
    if (refusal) refused.push(refusal);
    return refusal === null;
  });
  return { accepted: { ...wants, indicators }, refused };
}
