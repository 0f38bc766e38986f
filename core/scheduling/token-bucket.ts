import { DAY, MINUTE } from "../time.ts";

/** Who a call is for: a reader who waits for it, or upkeep that no client waits for. */
export type Priority = "user" | "background";

/** The spans of time over which calls are counted. A day is a UTC day. */
export const SPANS = ["second", "minute", "day"] as const;

export type Span = (typeof SPANS)[number];

/** How many calls may be made in any span; null where there is no such limit. */
export interface Limits {
  perSecond: number | null;
  perMinute: number | null;
  perDay: number | null;
}

/** Calls made in one slot: `slot` counts the span's slots since 1970. */
export interface Slot {
  slot: number;
  calls: number;
}

/** The tokens that are out of the buckets, oldest first. */
export type Spent = Record<Span, readonly Slot[]>;

/** What became of the wish to make a call. */
export type SpendResult = { kind: "spent"; spent: Spent } | { kind: "refused"; span: Span; retryAfter: number };

/** What is left of one budget. */
export interface BudgetLeft {
  span: Span;
  limit: number;
  left: number;
  /** What background calls may still take of it. */
  leftForBackground: number;
}

/** Full buckets. */
export const NO_SPEND: Spent = { second: [], minute: [], day: [] };

/** The part of every budget that background calls leave to users. */
const USER_SHARE = 0.25;

/**
 * A token comes back a whole span after it was spent. Were it to trickle back, as in the textbook's bucket, nearly two
 * budgets could be spent within one span. Calls are counted in slots, so that a state has a bounded size, and a slot's tokens
 * come back at least one slot late, since a call reaches an upstream a little after it was sent.
 */
const SLOTS: Record<Span, { width: number; backAfter: number }> = {
  second: { width: 0.05, backAfter: 1.1 },
  minute: { width: 1, backAfter: MINUTE + 2 },
  day: { width: DAY, backAfter: DAY },
};

const limitOf = (limits: Limits, span: Span): number | null => {
  switch (span) {
    case "second":
      return limits.perSecond;
    case "minute":
      return limits.perMinute;
    case "day":
      return limits.perDay;
  }
};

const backAt = (span: Span, slot: Slot): number => slot.slot * SLOTS[span].width + SLOTS[span].backAfter;

/** Slots of which none lies ahead of the present one: after a clock was set back, what was spent then counts as spent now. */
function upTo(present: number, slots: readonly Slot[]): readonly Slot[] {
  if ((slots.at(-1)?.slot ?? present) <= present) return slots;
  const past = slots.filter(({ slot }) => slot < present);
  return [...past, { slot: present, calls: total(slots) - total(past) }];
}

/**
 * What was spent, as it stands after a clock was set back: tokens that were spent ahead of `now` were spent now. Returns the same
 * object if there are none. To be kept, so that they come back.
 */
export function spentUpTo(spent: Spent, now: number): Spent {
  const dated = SPANS.map((span) => [span, upTo(Math.floor(now / SLOTS[span].width), spent[span])] as const);
  if (dated.every(([span, slots]) => slots === spent[span])) return spent;
  const [[, second], [, minute], [, day]] = dated;
  return { second, minute, day };
}

/** The slots whose tokens are still out at `now`. */
function outstanding(spent: Spent, span: Span, now: number): readonly Slot[] {
  const slots = upTo(Math.floor(now / SLOTS[span].width), spent[span]);
  let back = 0;
  while (back < slots.length && backAt(span, slots[back]) <= now) back++;
  return back === 0 ? slots : slots.slice(back);
}

const total = (slots: readonly Slot[]): number => slots.reduce((sum, slot) => sum + slot.calls, 0);

/** Tokens of a budget that a background call must leave in the bucket. */
const reserveOf = (limit: number): number => Math.floor(limit * USER_SHARE);

/** Tokens of a budget that background calls may take. */
export const backgroundPart = (limit: number): number => limit - reserveOf(limit);

/** Seconds until a call of this priority may be made within one budget; 0 if it may be made now. */
function waitFor(spent: Spent, span: Span, limit: number, priority: Priority, now: number): number {
  const slots = outstanding(spent, span, now);
  const maxCalls = priority === "user" ? limit : backgroundPart(limit);
  if (maxCalls < 1) return DAY;
  let excess = total(slots) + 1 - maxCalls;
  for (const slot of slots) {
    if (excess <= 0) break;
    excess -= slot.calls;
    if (excess <= 0) return backAt(span, slot) - now;
  }
  return 0;
}

/**
 * Takes one token from every bucket, or from none.
 * @param now unix seconds
 * @returns the new state, or the budget that refuses for longest and the seconds after which it would not.
 */
export function spend(spent: Spent, limits: Limits, priority: Priority, now: number): SpendResult {
  let refusal: { kind: "refused"; span: Span; retryAfter: number } | null = null;
  for (const span of SPANS) {
    const limit = limitOf(limits, span);
    if (limit === null) continue;
    const retryAfter = waitFor(spent, span, limit, priority, now);
    if (retryAfter > (refusal?.retryAfter ?? 0)) refusal = { kind: "refused", span, retryAfter };
  }
  if (refusal) return refusal;
  const counted = (span: Span): readonly Slot[] => {
    const slots = outstanding(spent, span, now);
    const slot = Math.floor(now / SLOTS[span].width);
    const last = slots.at(-1);
    if (!last || last.slot < slot) return [...slots, { slot, calls: 1 }];
    return [...slots.slice(0, -1), { slot: last.slot, calls: last.calls + 1 }];
  };
  // The minute is always counted, for those who look; a budget without a limit needs no state.
  return {
    kind: "spent",
    spent: {
      second: limits.perSecond === null ? [] : counted("second"),
      minute: counted("minute"),
      day: limits.perDay === null ? [] : counted("day"),
    },
  };
}

/** What is left of every limited budget at `now`. */
export function budgetLeft(spent: Spent, limits: Limits, now: number): BudgetLeft[] {
  return SPANS.flatMap((span) => {
    const limit = limitOf(limits, span);
    if (limit === null) return [];
    const left = Math.max(0, limit - total(outstanding(spent, span, now)));
    return [{ span, limit, left, leftForBackground: Math.max(0, left - reserveOf(limit)) }];
  });
}

/** Calls made in the last minute. */
export function callsInLastMinute(spent: Spent, now: number): number {
  const { width } = SLOTS.minute;
  return total(spent.minute.filter((slot) => (slot.slot + 1) * width > now - MINUTE));
}
