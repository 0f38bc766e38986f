import { MAX_LIVE_INDICATORS } from "../../../contracts/stream.ts";
import { DEFAULT_INDICATORS } from "../../../core/indicators/catalog.ts";
import { IndicatorSpecError } from "../../../core/indicators/indicator-spec-error.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import type {
  IndicatorInterest,
  Interest,
  OwnedIndicator,
  RejectedIndicator,
} from "../../symbol-events/symbol-events.ts";
import { indicatorKey } from "./hub-leases.ts";

/** Of a symbol's live indicators: what is kept for the default ten, with their default parameters. */
const RESERVED_FOR_DEFAULTS = 20;
/** What is kept for callers with keys. */
const RESERVED_FOR_KEYS = 20;
/** The most that one caller may have for itself. */
const MAX_PER_CALLER = 40;

const DEFAULT_SPECS: ReadonlySet<string> = new Set(DEFAULT_INDICATORS.map((name) => name.toLowerCase()));

/** Why an indicator cannot be watched; null where it can. */
function refusalOf(indicator: IndicatorInterest): RejectedIndicator | null {
  try {
    parseSpec(indicator.spec);
    return null;
  } catch (error) {
    if (!(error instanceof IndicatorSpecError)) throw error;
    return { ...indicator, code: error.code, detail: error.message };
  }
}

const TOO_MANY = `This symbol has as many live indicators as it may: ${MAX_LIVE_INDICATORS}, of which ${RESERVED_FOR_DEFAULTS} are kept for the default ten and ${RESERVED_FOR_KEYS} for callers with keys. Ask /indicators for others.`;
const SHARE = `You have ${MAX_PER_CALLER} live indicators of this symbol, the most that one caller may. End one of them, or ask /indicators.`;

/** The live indicators of a symbol, over all hubs, by their keys. */
type Watched = ReadonlyMap<string, OwnedIndicator>;

function countOf(watched: Watched, isCounted: (indicator: OwnedIndicator) => boolean): number {
  let count = 0;
  for (const indicator of watched.values()) if (isCounted(indicator)) count++;
  return count;
}

/** Why there is no room for one more live indicator; null where there is. */
function shareRefusal(watched: Watched, indicator: OwnedIndicator): RejectedIndicator | null {
  if (watched.has(indicatorKey(indicator))) return null;
  const { interval, spec, owner } = indicator;
  const isOwn = (each: OwnedIndicator): boolean =>
    each.owner?.name === owner?.name && each.owner?.hasKey === owner?.hasKey;
  if (owner && countOf(watched, isOwn) >= MAX_PER_CALLER)
    return { interval, spec, code: "stream.share_exceeded", detail: SHARE };
  const isDefault = DEFAULT_SPECS.has(spec);
  const hasKey = owner?.hasKey ?? true;
  const left =
    MAX_LIVE_INDICATORS - (isDefault ? 0 : RESERVED_FOR_DEFAULTS) - (isDefault || hasKey ? 0 : RESERVED_FOR_KEYS);
  const taken = isDefault ? watched.size : countOf(watched, (each) => !DEFAULT_SPECS.has(each.spec));
  const isFull = watched.size >= MAX_LIVE_INDICATORS || taken >= left;
  return isFull ? { interval, spec, code: "stream.too_many_subscriptions", detail: TOO_MANY } : null;
}

/**
 * What of a hub's interest can be met, and the indicators that cannot. Each symbol has a number of live indicators, shared among callers.
 * @param others the indicators of other hubs
 * @param held what this hub had before: it is never taken away, because its clients would not learn of it
 */
export function limitInterest(
  interest: Interest,
  others: readonly OwnedIndicator[],
  held: readonly OwnedIndicator[],
): { accepted: Interest; refused: RejectedIndicator[] } {
  const refused: RejectedIndicator[] = [];
  const heldKeys = new Set(held.map(indicatorKey));
  const isHeld = (indicator: OwnedIndicator): boolean => heldKeys.has(indicatorKey(indicator));
  const watched = new Map(
    [...others, ...interest.indicators.filter(isHeld)].map((indicator) => [indicatorKey(indicator), indicator]),
  );
  const indicators = interest.indicators.filter((indicator) => {
    const refusal = refusalOf(indicator) ?? shareRefusal(watched, indicator);
    if (refusal) refused.push(refusal);
    else if (!watched.has(indicatorKey(indicator))) watched.set(indicatorKey(indicator), indicator);
    return refusal === null;
  });
  return { accepted: { ...interest, indicators }, refused };
}
