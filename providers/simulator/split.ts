import { HOUR, MINUTE } from "../../core/time.ts";
import type { Stretch } from "./day.ts";
import { hash, uniform } from "./random.ts";

/** The lengths into which a session is split, level by level; each divides the one before it. */
export const LEVELS = [4 * HOUR, HOUR, 30 * MINUTE, 15 * MINUTE, 5 * MINUTE, MINUTE, 15, 5, 1] as const;

/** Trading is busier near a session's opening and close: 1.6 there, 0.7 at noon. */
function busyness(position: number): number {
  return 0.7 + 3.6 * (position - 0.5) ** 2;
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * Splits a stretch into parts of `length` seconds, counted from `anchor`. The parts' first open, highest high, lowest low,
 * last close and summed volume are the stretch's own, exactly: all are whole numbers. Inside, closes wander from the
 * stretch's open to its close, one part touches the high and one the low.
 */
export function split(parent: Stretch, length: number, anchor: number): Stretch[] {
  const first = Math.floor((parent.from - anchor) / length);
  const last = Math.ceil((parent.to - anchor) / length);
  const count = last - first;
  if (count === 1) return [{ ...parent, key: hash(parent.key, length) }];
  const range = parent.high - parent.low;
  const highest = Math.floor(uniform(parent.key, length + 1) * count);
  const lowest = Math.floor(uniform(parent.key, length + 2) * count);
  const parts: Stretch[] = [];
  let open = parent.open;
  for (let i = 0; i < count; i++) {
    const key = hash(parent.key, first + i + length * 7);
    const done = (i + 1) / count;
    const wander = (uniform(key, 1) - 0.5) * range * 1.6 * Math.sqrt(done * (1 - done));
    const drift = parent.open + (parent.close - parent.open) * done;
    const close = i === count - 1 ? parent.close : clamp(Math.round(drift + wander), parent.low, parent.high);
    const top = Math.max(open, close);
    const bottom = Math.min(open, close);
    const room = 0.5 / count;
    parts.push({
      from: Math.max(parent.from, anchor + (first + i) * length),
      to: Math.min(parent.to, anchor + (first + i + 1) * length),
      open,
      close,
      high: i === highest ? parent.high : top + Math.floor((parent.high - top) * uniform(key, 2) * room),
      low: i === lowest ? parent.low : bottom - Math.floor((bottom - parent.low) * uniform(key, 3) * room),
      volume: 0,
      key,
    });
    open = close;
  }
  shareVolume(parent, parts);
  return parts;
}

function shareVolume(parent: Stretch, parts: Stretch[]): void {
  const span = parent.to - parent.from;
  const weights = parts.map((part) => {
    const middle = (part.from + part.to) / 2 - parent.from;
    return (part.to - part.from) * busyness(middle / span) * (0.4 + 1.2 * uniform(part.key, 4));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let given = 0;
  let reached = 0;
  parts.forEach((part, i) => {
    reached += weights[i];
    const until = i === parts.length - 1 ? parent.volume : Math.floor(parent.volume * (reached / total));
    part.volume = until - given;
    given = until;
  });
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

/** Appends a later stretch to an earlier one. */
export function join(before: Stretch | null, after: Stretch): Stretch {
  if (!before) return { ...after };
  return {
    ...before,
    to: after.to,
    high: Math.max(before.high, after.high),
    low: Math.min(before.low, after.low),
    close: after.close,
    volume: before.volume + after.volume,
  };
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
