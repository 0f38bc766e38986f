import type { EndpointGroup } from "../../contracts/provider.ts";
import { DAY, HOUR, MINUTE, startOfDay } from "../../core/time.ts";
import { type Failure, type FailureReason, failure } from "../../providers/provider.ts";

/**
 * What a block closes: the whole provider, a family of endpoints, or the part of one that the caller names, such as the quotes
 * of shares (`quotes stock`).
 */
export type Scope = "all" | EndpointGroup | `${EndpointGroup} ${string}`;

/** Something that the upstream has refused, and when to ask again (unix seconds). */
export interface Cooldown {
  reason: FailureReason;
  until: number;
  /** When it was refused last; unknown of those that an earlier version kept. */
  since?: number;
  /** How often in a row it was refused. */
  streak: number;
}

/** By scope. One whose time is over still stands for its streak, until a call succeeds. */
export type Cooldowns = Readonly<Record<string, Cooldown>>;

/** No one switches a provider off for longer than this by what an answer says. */
const MAX_COOLDOWN_SECONDS = DAY;
const MAX_THROTTLE_SECONDS = 30;
const BAD_KEY_COOLDOWN_SECONDS = 15 * MINUTE;
const PREMIUM_COOLDOWN_SECONDS = HOUR;
const BLOCKED_COOLDOWN_SECONDS = 5 * MINUTE;
/** Upstreams end their days in different zones, so a spent quota is tried once an hour where they do not say when. */
const QUOTA_COOLDOWN_SECONDS = HOUR;

/**
 * The failure that a blocked call gets; null where nothing holds it back.
 * @param narrow the parts of the family that the call touches: it is held back only where all of them are blocked
 */
export function cooldownOf(
  cooldowns: Cooldowns,
  group: EndpointGroup,
  scopes: readonly Scope[],
  now: number,
): Failure | null {
  const current = (scope: Scope): Cooldown[] => (cooldowns[scope]?.until > now ? [cooldowns[scope]] : []);
  const parts = scopes.flatMap(current);
  const found = [...current("all"), ...current(group), ...(parts.length === scopes.length ? parts : [])];
  if (found.length === 0) return null;
  const last = found.reduce((a, b) => (b.until > a.until ? b : a));
  return failure(last.reason, wholeSeconds(last.until - now));
}

/**
 * Keeps what a failure says about asking again: of the whole provider, the family, or the narrowest scopes that were asked.
 * What is wrong with one question alone holds nothing back, whatever wait the upstream names.
 */
export function afterRefusal(
  cooldowns: Cooldowns,
  group: EndpointGroup,
  scopes: readonly Scope[],
  refused: Failure,
  now: number,
): Cooldowns {
  const { reason, retryAfter } = refused;
  switch (reason) {
    case "throttled":
      return withCooldown(
        cooldowns,
        ["all"],
        reason,
        now,
        (streak) => retryAfter ?? Math.min(2 ** streak, MAX_THROTTLE_SECONDS),
      );
    case "quota_spent":
      return withCooldown(cooldowns, ["all"], reason, now, () => {
        return retryAfter ?? Math.min(QUOTA_COOLDOWN_SECONDS, startOfDay(now) + DAY - now);
      });
    case "bad_key":
      return withCooldown(cooldowns, ["all"], reason, now, () => retryAfter ?? BAD_KEY_COOLDOWN_SECONDS);
    case "blocked":
      return withCooldown(cooldowns, [group], reason, now, (streak) =>
        Math.max(retryAfter ?? 0, Math.min(BLOCKED_COOLDOWN_SECONDS * 2 ** streak, HOUR)),
      );
    case "premium_only":
      return withCooldown(cooldowns, scopes, reason, now, () => retryAfter ?? PREMIUM_COOLDOWN_SECONDS);
    case "demo_key":
    case "bad_call":
    case "unknown_symbol":
    case "unsupported":
    case "bad_answer":
    case "not_configured":
      return cooldowns;
    case "unknown_notice":
    case "timeout":
    case "unreachable":
    case "server_error":
      return retryAfter === null ? cooldowns : withCooldown(cooldowns, [group], reason, now, () => retryAfter);
  }
}

/**
 * Blocks as they stand at `now`: one that was refused ahead of a clock that was set back lasts as long from now as it did then, and
 * none lasts longer than a block can. Returns the same object if there are none such.
 */
export function clampToClock(cooldowns: Cooldowns, now: number): Cooldowns {
  const isAhead = ({ since = now, until }: Cooldown): boolean => since > now || until > now + MAX_COOLDOWN_SECONDS;
  if (!Object.values(cooldowns).some(isAhead)) return cooldowns;
  const entries = Object.entries(cooldowns).map(([scope, cooldown]): [string, Cooldown] => {
    if (!isAhead(cooldown)) return [scope, cooldown];
    const remaining = Math.min(MAX_COOLDOWN_SECONDS, cooldown.until - (cooldown.since ?? now));
    return [scope, { ...cooldown, since: now, until: now + remaining }];
  });
  return Object.fromEntries(entries);
}

/** Forgets what a success has disproved. Returns the same object where there is nothing to forget. */
export function afterAnswer(cooldowns: Cooldowns, scopes: readonly Scope[], now: number): Cooldowns {
  const over = scopes.filter((scope) => cooldowns[scope] && cooldowns[scope].until <= now);
  return over.length === 0 ? cooldowns : without(cooldowns, over);
}

/** Forgets every block that a family's calls would meet. */
export function withoutGroup(cooldowns: Cooldowns, group: EndpointGroup): Cooldowns {
  return without(
    cooldowns,
    Object.keys(cooldowns).filter((scope) => scope === "all" || scope === group || scope.startsWith(`${group} `)),
  );
}

/** A `Retry-After` counts whole seconds, and none is no pause. */
export function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds - 1e-6));
}

function withCooldown(
  cooldowns: Cooldowns,
  scopes: readonly Scope[],
  reason: FailureReason,
  now: number,
  pause: (streak: number) => number,
): Cooldowns {
  const next: Record<string, Cooldown> = { ...cooldowns };
  for (const scope of scopes) {
    const previous = cooldowns[scope];
    // Calls that were in flight together are refused together, once.
    const again =
      previous && previous.reason === reason ? (previous.until > now ? previous.streak : previous.streak + 1) : 0;
    const until = now + Math.min(MAX_COOLDOWN_SECONDS, pause(again));
    next[scope] = { reason, until: Math.max(until, previous?.until ?? 0), since: now, streak: again };
  }
  return next;
}

function without(cooldowns: Cooldowns, scopes: readonly string[]): Cooldowns {
  return Object.fromEntries(Object.entries(cooldowns).filter(([scope]) => !scopes.includes(scope)));
}
