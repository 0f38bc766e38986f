import type { Market } from "../market-calendar/markets.ts";
import { isOpen, nextOpen, previousSession } from "../market-calendar/sessions.ts";
import { DAY, startOfDay } from "../time.ts";
import { DEMANDS, type Demand, type PollBudget } from "./pace.ts";

/** A symbol that may be asked for. */
export interface Pollable {
  symbol: string;
  market: Market;
  demand: Demand;
  /** When it was last asked for, unix seconds; null where that is unknown. */
  askedAt: number | null;
}

/** How a provider is polled. */
export interface PollingRules extends PollBudget {
  batchSize: number;
  /** Seconds by which the provider's prices are delayed: they go on moving for so long after the close. */
  delay: number;
}

/** What a market's hours mean for asking. */
type Hours = { kind: "open" } | { kind: "closed"; lastPrintAt: number; opensAt: number };

interface Ranked {
  symbol: string;
  demand: Demand;
  /** When it is due. */
  at: number;
  /** From 0, just asked for, over 1, due, to whatever it is late. */
  urgency: number;
}

/** A symbol this far through its pause takes a seat that would stay empty in a call that is made anyway. */
const NEARLY_DUE = 0.75;

function hoursOf(market: Market, delay: number, now: number): Hours {
  if (isOpen(market, now)) return { kind: "open" };
  let last = previousSession(market, startOfDay(now) + 2 * DAY);
  while (last && last.close > now) last = previousSession(market, last.date);
  const lastPrintAt = (last?.close ?? Number.NEGATIVE_INFINITY) + delay;
  if (now < lastPrintAt) return { kind: "open" };
  return { kind: "closed", lastPrintAt, opensAt: nextOpen(market, now) ?? Number.POSITIVE_INFINITY };
}

/** When a symbol should be asked for next. Outside its session that is once, for the last print, and then at the opening. */
function dueAt({ askedAt }: Pollable, hours: Hours, interval: number): number {
  if (hours.kind === "open") return askedAt === null ? Number.NEGATIVE_INFINITY : askedAt + interval;
  return askedAt !== null && askedAt < hours.lastPrintAt ? hours.lastPrintAt : hours.opensAt;
}

function rankedAt(items: Iterable<Pollable>, { intervals, delay }: PollingRules, now: number): Ranked[] {
  const hoursByMarket = new Map<Market, Hours>();
  const ranked: Ranked[] = [];
  for (const item of items) {
    const wait = intervals[item.demand];
    if (wait === Number.POSITIVE_INFINITY) continue;
    let hours = hoursByMarket.get(item.market);
    if (!hours) {
      hours = hoursOf(item.market, delay, now);
      hoursByMarket.set(item.market, hours);
    }
    const at = dueAt(item, hours, wait);
    const urgency = hours.kind === "open" || at <= now ? 1 + (now - at) / wait : 0;
    ranked.push({ symbol: item.symbol, demand: item.demand, at, urgency });
  }
  return ranked;
}

const byUrgency = (a: Ranked, b: Ranked): number =>
  DEMANDS.indexOf(a.demand) - DEMANDS.indexOf(b.demand) || (a.urgency === b.urgency ? 0 : b.urgency - a.urgency);

/**
 * Decides which symbols to ask for at `now` (unix seconds): those that are due by demand and session, hot ones first and then
 * the latest, no more than the allowed calls carry. Symbols that are nearly due fill the last call's seats.
 */
export function symbolsDue(items: Iterable<Pollable>, rules: PollingRules, now: number): string[] {
  const ranked = rankedAt(items, rules, now);
  const due = ranked.filter((item) => item.at <= now).sort(byUrgency);
  const selected: Ranked[] = [];
  for (const item of due) if (selected.length < rules.calls[item.demand] * rules.batchSize) selected.push(item);
  const free = Math.ceil(selected.length / rules.batchSize) * rules.batchSize - selected.length;
  if (free > 0) {
    const nearlyDue = ranked.filter((item) => item.at > now && item.urgency >= NEARLY_DUE).sort(byUrgency);
    selected.push(...nearlyDue.slice(0, free));
  }
  return selected.map((item) => item.symbol);
}

/** When a symbol will be due next, `now` where one is already; null where none ever will be. */
export function nextDueAt(items: Iterable<Pollable>, rules: PollingRules, now: number): number | null {
  let next = Number.POSITIVE_INFINITY;
  for (const { at } of rankedAt(items, rules, now)) next = Math.min(next, Math.max(at, now));
  return next === Number.POSITIVE_INFINITY ? null : next;
}
