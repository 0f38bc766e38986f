import type { Origin } from "../../../../contracts/candle.ts";
import type { ProviderName } from "../../../../contracts/provider.ts";
import type { Interval } from "../../../../core/interval.ts";

/** An origin as its room keeps it. */
export interface KeptOrigin extends Origin {
  /** The interval of an import's file; candles of it at coarser intervals are derived. Null for providers. */
  interval: Interval | null;
  /** The number of the part of the series that it belongs to: imports whose prices fit are one part. */
  part: number;
  /** Of two imports the one with the higher number was sent later. */
  turn: number;
}

/** The stretch of an interval's candles that have an origin. Its ends may lie beyond what is left after something was deleted. */
export interface Stretch {
  interval: Interval;
  origin: KeptOrigin;
  /** Stamps of its first and last candle. */
  first: number;
  last: number;
}

export type OriginRow = {
  id: number;
  provider: ProviderName;
  import_id: string | null;
  interval: Interval | null;
  adjustment: Origin["adjustment"];
  adjusted_as_of: number | null;
  construction: Origin["construction"];
  volume_unit: Origin["volumeUnit"];
  part: number;
  turn: number;
};

/** An origin by its row. */
export const keptOrigin = (row: OriginRow): KeptOrigin => ({
  id: row.id,
  provider: row.provider,
  importId: row.import_id,
  interval: row.interval,
  adjustment: row.adjustment,
  adjustedAsOf: row.adjusted_as_of,
  construction: row.construction,
  volumeUnit: row.volume_unit,
  part: row.part,
  turn: row.turn,
});

/** What distinguishes one origin from another. */
export type OriginFacts = Omit<KeptOrigin, "id" | "part" | "turn">;

/** Whether candles of one origin are served rather than those of another. */
export type IsBetter = (one: KeptOrigin, other: KeptOrigin) => boolean;

/** Ranks origins by a symbol's sources, in order; of two imports the later is better, and what is no source any more is the worst. */
export function rankBy(sources: readonly ProviderName[]): IsBetter {
  const rank = ({ provider }: Origin): number => {
    const index = sources.indexOf(provider);
    return index < 0 ? sources.length : index;
  };
  return (one, other) => {
    const difference = rank(one) - rank(other);
    if (difference !== 0) return difference < 0;
    return one.provider === other.provider && one.turn > other.turn;
  };
}
