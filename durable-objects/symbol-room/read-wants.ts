import { MOST_LIVE_INDICATORS } from "../../contracts/stream.ts";
import { IndicatorSpecError } from "../../core/indicators/indicator-spec-error.ts";
import { parseSpec } from "../../core/indicators/spec.ts";
import type { RefusedIndicator, WantedIndicator, Wants } from "../audience/feed.ts";
import { indicatorKey } from "./attendees.ts";

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

const TOO_MANY = `This symbol has ${MOST_LIVE_INDICATORS} live indicators, the most that one may have. Ask /indicators for others.`;

/** What of an audience's wishes can be met beside what `others` watch, and the indicators that cannot. */
export function readWants(
  wants: Wants,
  others: readonly WantedIndicator[],
): { accepted: Wants; refused: RefusedIndicator[] } {
  const refused: RefusedIndicator[] = [];
  const watched = new Set(others.map(indicatorKey));
  const indicators = wants.indicators.filter((wanted) => {
    const isFull = watched.size >= MOST_LIVE_INDICATORS && !watched.has(indicatorKey(wanted));
    const refusal =
      refusalOf(wanted) ??
      (isFull ? { ...wanted, code: "stream.too_many_subscriptions" as const, detail: TOO_MANY } : null);
    if (refusal) refused.push(refusal);
    else watched.add(indicatorKey(wanted));
    return refusal === null;
  });
  return { accepted: { ...wants, indicators }, refused };
}
