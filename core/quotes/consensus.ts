import { roundTo } from "../decimal.ts";
import type { Freshness } from "../freshness.ts";
import type { AssetType } from "../symbol.ts";

/** What one source says of a price. */
export interface SourcePrint<P extends string = string> {
  provider: P;
  price: number;
  freshness: Freshness;
  /** Why the print is not believed, as the quality check names it; null where it is. */
  anomaly: string | null;
  /** Whether it is older than the caller accepts. */
  isTooOld: boolean;
}

/** Why a print does not count, or is too far from the others. */
export const EXCLUSION_REASONS = ["doubted", "stale", "historical", "closed", "too_old", "outlier"] as const;

export type ExclusionReason = (typeof EXCLUSION_REASONS)[number];

/** A print and what became of it. */
export interface ConsensusPrint<P extends string> {
  provider: P;
  included: boolean;
  reason: ExclusionReason | null;
  /** How far the print is from the consensus price, in percent; null where there is none. */
  deviationPercent: number | null;
}

/** What several sources agree on. */
export interface ConsensusResult<P extends string> {
  /** The source whose price is the consensus; null where no print counts. */
  chosen: P | null;
  /** Whether all prints that count lie within the tolerance; null where fewer than two count. */
  agreement: boolean | null;
  /** In the order of the sources. */
  prints: ConsensusPrint<P>[];
}

/** Percent by which two sources of an asset class may differ and still agree. */
export const CONSENSUS_TOLERANCE: Readonly<Record<AssetType, number>> = {
  stock: 1,
  etf: 1,
  index: 1,
  commodity: 1,
  crypto: 1,
  forex: 0.25,
};

/** From this many prints on the majority shows which one is wrong. */
const MIN_FOR_OUTLIERS = 3;

function exclusionOf(print: SourcePrint, isMarketOpen: boolean): ExclusionReason | null {
  if (print.anomaly !== null) return "doubted";
  if (print.freshness === "stale" || print.freshness === "historical") return print.freshness;
  if (print.freshness === "closed" && isMarketOpen) return "closed";
  return print.isTooOld ? "too_old" : null;
}

/** The print in the middle by price; of an even number the one of the middle two whose source stands first. */
function middleOf<T extends SourcePrint>(prints: readonly T[]): T {
  const sorted = prints.toSorted((a, b) => a.price - b.price);
  const upper = sorted[sorted.length >> 1];
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >> 1) - 1];
  return prints.indexOf(lower) < prints.indexOf(upper) ? lower : upper;
}

const deviation = (price: number, from: number): number => roundTo(((price - from) / from) * 100, 4);

/**
 * What several sources of one price agree on. Believed prints count that are as recent as the caller asks, live or delayed, and while
 * the market is closed those of its close. Of three or more the one in the middle is the consensus, and those further than the tolerance from it are left out; of
 * two the first source's; a single one stands alone. The consensus is always a print that a source gave.
 * @param prints in the order of the sources; prices are finite and not 0
 */
export function consensusOf<P extends string>(
  prints: readonly SourcePrint<P>[],
  type: AssetType,
  isMarketOpen: boolean,
): ConsensusResult<P> {
  const exclusions = new Map(prints.map((print) => [print, exclusionOf(print, isMarketOpen)]));
  const counted = prints.filter((print) => exclusions.get(print) === null);
  if (counted.length === 0) {
    const none = prints.map((print) => ({
      provider: print.provider,
      included: false,
      reason: exclusions.get(print) ?? null,
      deviationPercent: null,
    }));
    return { chosen: null, agreement: null, prints: none };
  }
  const chosen = counted.length >= MIN_FOR_OUTLIERS ? middleOf(counted) : counted[0];
  const isFar = ({ price }: SourcePrint): boolean =>
    Math.abs(deviation(price, chosen.price)) > CONSENSUS_TOLERANCE[type];
  const checked = prints.map((print): ConsensusPrint<P> => {
    const isOutlier = counted.length >= MIN_FOR_OUTLIERS && counted.includes(print) && isFar(print);
    const reason = exclusions.get(print) ?? (isOutlier ? "outlier" : null);
    const deviationPercent = deviation(print.price, chosen.price);
    return { provider: print.provider, included: reason === null, reason, deviationPercent };
  });
  const agreement = counted.length < 2 ? null : !counted.some(isFar);
  return { chosen: chosen.provider, agreement, prints: checked };
}
