import { uniform } from "./random.ts";

/**
 * A stretch of simulated trading: prices in ticks, volume in steps, both whole numbers, so that what the parts of a
 * stretch add up to is the stretch, exactly.
 */
export interface Stretch {
  /** Unix seconds, `[from, to)`. */
  from: number;
  to: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** From which all randomness inside the stretch comes. */
  key: number;
  /** What its prices are the product of; null for an instrument with a price of its own. */
  cross: Cross | null;
}

/** What a stretch of a cross is made of. */
export interface Cross {
  /** Ticks to the unit of the cross's price. */
  scale: number;
  legs: readonly CrossLeg[];
}

/** What a leg does in a stretch of a cross. */
export interface CrossLeg {
  stretch: Stretch;
  /** Ticks to the unit of the leg's price. */
  scale: number;
  power: 1 | -1;
}

/** A stretch in which the price does not move. */
export function flatStretch(from: number, to: number, price: number): Stretch {
  return { from, to, open: price, high: price, low: price, close: price, volume: 0, key: 0, cross: null };
}

/** Appends a later stretch to an earlier one. */
export function join(before: Stretch | null, after: Stretch): Stretch {
  return before ? extend({ ...before }, after) : { ...after };
}

/** Extends a stretch by a later one, in place. */
export function extend(stretch: Stretch, after: Stretch): Stretch {
  stretch.to = after.to;
  if (after.high > stretch.high) stretch.high = after.high;
  if (after.low < stretch.low) stretch.low = after.low;
  stretch.close = after.close;
  stretch.volume += after.volume;
  return stretch;
}

/** Trading is busier near both ends of a session: 1.6 there, 0.7 in the middle. */
function busyness(position: number): number {
  return 0.7 + 3.6 * (position - 0.5) ** 2;
}

/** Shares a volume among the parts that follow each other, by their length, their position and chance. */
export function distributeVolume(volume: number, parts: Stretch[]): void {
  const start = parts[0].from;
  const span = parts[parts.length - 1].to - start;
  const weights = parts.map((part) => {
    const middle = (part.from + part.to) / 2 - start;
    return (part.to - part.from) * busyness(middle / span) * (0.4 + 1.2 * uniform(part.key, 4));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let assigned = 0;
  let reached = 0;
  parts.forEach((part, i) => {
    reached += weights[i];
    const until = i === parts.length - 1 ? volume : Math.floor(volume * (reached / total));
    part.volume = until - assigned;
    assigned = until;
  });
}
