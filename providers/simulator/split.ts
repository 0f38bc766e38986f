import { MINUTE } from "../../core/time.ts";
import { crossPrices } from "./cross.ts";
import { hash, uniform } from "./random.ts";
import { type Cross, distributeVolume, flatStretch, join, type Stretch } from "./stretch.ts";

/** The lengths into which an hour is split, level by level; each divides the one before it. */
export const LEVELS: readonly number[] = [30 * MINUTE, 15 * MINUTE, 5 * MINUTE, MINUTE, 15, 5, 1];

/** A price that would leave its range turns back at the range's end. */
function reflect(price: number, low: number, high: number): number {
  const reflected = price > high ? 2 * high - price : price < low ? 2 * low - price : price;
  return Math.min(Math.max(reflected, low), high);
}

/**
 * Splits a stretch into parts of `length` seconds, counted from `anchor`. The parts' first open, highest high, lowest low,
 * last close and summed volume are the stretch's own, exactly: all are whole numbers.
 */
export function split(parent: Stretch, length: number, anchor: number): Stretch[] {
  const first = Math.floor((parent.from - anchor) / length);
  const count = Math.ceil((parent.to - anchor) / length) - first;
  const { open, high, low, close, volume, cross } = parent;
  const parts: Stretch[] = [];
  for (let i = 0; i < count; i++) {
    const from = Math.max(parent.from, anchor + (first + i) * length);
    const to = Math.min(parent.to, anchor + (first + i + 1) * length);
    parts.push({ from, to, open, high, low, close, volume, key: hash(parent.key, i + length * 7), cross });
  }
  if (parent.cross) splitCross(parent, parent.cross, parts, length, anchor);
  else if (count > 1) splitWalk(parent, parts);
  if (count > 1) {
    matchExtremes(parent, parts);
    distributeVolume(parent.volume, parts);
  }
  return parts;
}

/** How far a part reaches beyond its open and close at most, in ranges of a whole that moves as much as it does. */
const WICK = 0.4;

/** Inside a stretch, closes wander from its open to its close. */
function splitWalk(parent: Stretch, parts: Stretch[]): void {
  const range = parent.high - parent.low;
  const wick = (WICK * range) / Math.sqrt(parts.length);
  let open = parent.open;
  parts.forEach((part, i) => {
    const done = (i + 1) / parts.length;
    const wander = (uniform(part.key, 1) - 0.5) * range * 1.6 * Math.sqrt(done * (1 - done));
    const drift = parent.open + (parent.close - parent.open) * done;
    part.open = open;
    part.close = i === parts.length - 1 ? parent.close : reflect(Math.round(drift + wander), parent.low, parent.high);
    const top = Math.max(open, part.close);
    const bottom = Math.min(open, part.close);
    part.high = Math.min(parent.high, top + Math.round(wick * uniform(part.key, 2)));
    part.low = Math.max(parent.low, bottom - Math.round(wick * uniform(part.key, 3)));
    open = part.close;
  });
}

/** Inside a stretch of a cross, prices are what its legs' are. A leg that opens late has no parts before: it has not moved. */
function splitCross(parent: Stretch, { scale, legs }: Cross, parts: Stretch[], length: number, anchor: number): void {
  const legParts = legs.map(({ stretch }) => split(stretch, length, anchor));
  let open = parent.open;
  parts.forEach((part, i) => {
    const cross = {
      scale,
      legs: legs.map((leg, n) => {
        const own = legParts[n][i + legParts[n].length - parts.length];
        return { ...leg, stretch: own ?? flatStretch(part.from, part.to, leg.stretch.open) };
      }),
    };
    const { high, low, close } = crossPrices(cross);
    part.open = open;
    part.close = close;
    part.high = high;
    part.low = low;
    part.cross = cross;
    open = close;
  });
}

/** Lets the highest part reach the stretch's high, and the lowest its low. */
function matchExtremes(parent: Stretch, parts: Stretch[]): void {
  let highest = parts[0];
  let lowest = parts[0];
  for (const part of parts) {
    if (part.high > highest.high) highest = part;
    if (part.low < lowest.low) lowest = part;
  }
  highest.high = parent.high;
  lowest.low = parent.low;
}

/** Calls `visit` with each part of `length` seconds that lies within or across `[from, to)`, in order. */
export function visitParts(
  stretch: Stretch,
  anchor: number,
  length: number,
  from: number,
  to: number,
  visit: (part: Stretch) => void,
  level = 0,
): void {
  for (const part of split(stretch, LEVELS[level], anchor)) {
    if (part.to <= from || part.from >= to) continue;
    if (LEVELS[level] === length) visit(part);
    else visitParts(part, anchor, length, from, to, visit, level + 1);
  }
}

/**
 * What of a stretch has happened within `[from, to)`, in whole seconds; null where nothing has. Only what lies across an end is
 * split: a whole is what its parts add up to.
 */
export function between(stretch: Stretch, anchor: number, from: number, to: number, level = 0): Stretch | null {
  if (stretch.from >= from && stretch.to <= to) return stretch;
  if (stretch.to <= from || stretch.from >= to || level === LEVELS.length) return null;
  let result: Stretch | null = null;
  for (const part of split(stretch, LEVELS[level], anchor)) {
    if (part.from >= to) break;
    const inside = between(part, anchor, from, to, level + 1);
    if (inside) result = join(result, inside);
  }
  return result;
}

/** What of a stretch has happened before `now`, in whole seconds; null where nothing has. */
export const elapsed = (stretch: Stretch, anchor: number, now: number, level = 0): Stretch | null =>
  between(stretch, anchor, Number.NEGATIVE_INFINITY, now, level);
