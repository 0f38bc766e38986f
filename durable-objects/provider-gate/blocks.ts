import { DAY, HOUR, MINUTE, startOfDay } from "../../core/time.ts";
import { type Failure, type FailureReason, failure } from "../../providers/provider.ts";

/** The groups of endpoints that fail together, each behind a breaker of its own. */
export const FAMILIES = ["quotes", "candles", "search"] as const;

export type Family = (typeof FAMILIES)[number];

/**
 * What a block closes: the whole provider, a family of endpoints, or the part of one that the caller names, such as the quotes
 * of shares (`quotes stock`).
 */
export type Scope = "all" | Family | `${Family} ${string}`;

/** Something that the upstream has refused, and when to ask again (unix seconds). */
export interface Block {
  reason: FailureReason;
  until: number;
  /** When it was refused last; unknown of those that an earlier version kept. */
  since?: number;
  /** How often in a row it was refused. */
  streak: number;
}

/** By scope. One whose time is over still stands for its streak, until a call succeeds. */
export type Blocks = Readonly<Record<string, Block>>;

/** Nobody switches a provider off for longer than this by what an answer says. */
const LONGEST = DAY;
const LONGEST_THROTTLE = 30;
const BAD_KEY_PAUSE = 15 * MINUTE;
const PREMIUM_PAUSE = HOUR;
const TURNED_AWAY_PAUSE = 5 * MINUTE;
/** Upstreams end their days in different zones, so a spent quota is tried once an hour where they do not say when. */
const QUOTA_PAUSE = HOUR;

/**
 * The failure that a blocked call gets; null where nothing holds it back.
 * @param narrow the parts of the family that the call touches: it is held back only where all of them are blocked
 */
export function blockedBy(blocks: Blocks, family: Family, narrow: readonly Scope[], now: number): Failure | null {
  const standing = (scope: Scope): Block[] => (blocks[scope]?.until > now ? [blocks[scope]] : []);
  const parts = narrow.flatMap(standing);
  const found = [...standing("all"), ...standing(family), ...(parts.length === narrow.length ? parts : [])];
  if (found.length === 0) return null;
  const last = found.reduce((a, b) => (b.until > a.until ? b : a));
  return failure(last.reason, wholeSeconds(last.until - now));
}

/** Keeps what a failure says about asking again: of the whole provider, the family, or the narrowest scopes that were asked. */
export function afterRefusal(
  blocks: Blocks,
  family: Family,
  narrow: readonly Scope[],
  refused: Failure,
  now: number,
): Blocks {
  const { reason, retryAfter } = refused;
  switch (reason) {
    case "throttled":
      return blockedFor(
        blocks,
        ["all"],
        reason,
        now,
        (streak) => retryAfter ?? Math.min(2 ** streak, LONGEST_THROTTLE),
      );
    case "quota_spent":
      return blockedFor(blocks, ["all"], reason, now, () => {
        return retryAfter ?? Math.min(QUOTA_PAUSE, startOfDay(now) + DAY - now);
      });
    case "bad_key":
      return blockedFor(blocks, ["all"], reason, now, () => retryAfter ?? BAD_KEY_PAUSE);
    case "blocked":
      return blockedFor(blocks, [family], reason, now, (streak) =>
        Math.max(retryAfter ?? 0, Math.min(TURNED_AWAY_PAUSE * 2 ** streak, HOUR)),
      );
    case "premium_only":
      return blockedFor(blocks, narrow, reason, now, () => retryAfter ?? PREMIUM_PAUSE);
    default:
      return retryAfter === null ? blocks : blockedFor(blocks, [family], reason, now, () => retryAfter);
  }
}

/**
 * Blocks as they stand at `now`: one that was refused ahead of a clock that was set back lasts as long from now as it did then, and
 * none lasts longer than a block can. Gives the same object if there are none such.
 */
export function redated(blocks: Blocks, now: number): Blocks {
  const isAhead = ({ since = now, until }: Block): boolean => since > now || until > now + LONGEST;
  if (!Object.values(blocks).some(isAhead)) return blocks;
  const dated = Object.entries(blocks).map(([scope, block]): [string, Block] => {
    if (!isAhead(block)) return [scope, block];
    const lasts = Math.min(LONGEST, block.until - (block.since ?? now));
    return [scope, { ...block, since: now, until: now + lasts }];
  });
  return Object.fromEntries(dated);
}

/** Forgets what a success has disproved. Gives the same object where there is nothing to forget. */
export function afterAnswer(blocks: Blocks, scopes: readonly Scope[], now: number): Blocks {
  const over = scopes.filter((scope) => blocks[scope] && blocks[scope].until <= now);
  return over.length === 0 ? blocks : without(blocks, over);
}

/** Forgets every block that a family's calls would meet. */
export function unblocked(blocks: Blocks, family: Family): Blocks {
  return without(
    blocks,
    Object.keys(blocks).filter((scope) => scope === "all" || scope === family || scope.startsWith(`${family} `)),
  );
}

/** A `Retry-After` counts whole seconds, and none is no pause. */
export function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds - 1e-6));
}

function blockedFor(
  blocks: Blocks,
  scopes: readonly Scope[],
  reason: FailureReason,
  now: number,
  pause: (streak: number) => number,
): Blocks {
  const next: Record<string, Block> = { ...blocks };
  for (const scope of scopes) {
    const before = blocks[scope];
    // Calls that were in flight together are refused together, once.
    const again = before && before.reason === reason ? (before.until > now ? before.streak : before.streak + 1) : 0;
    const until = now + Math.min(LONGEST, pause(again));
    next[scope] = { reason, until: Math.max(until, before?.until ?? 0), since: now, streak: again };
  }
  return next;
}

function without(blocks: Blocks, scopes: readonly string[]): Blocks {
  return Object.fromEntries(Object.entries(blocks).filter(([scope]) => !scopes.includes(scope)));
}
