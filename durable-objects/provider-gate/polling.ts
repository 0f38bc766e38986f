import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { openSecondsBetween } from "../../core/market-calendar/sessions.ts";
import { allowanceWithin, type Pace } from "../../core/scheduling/pace.ts";
import { nextDueAt, type PollingRules, symbolsDue } from "../../core/scheduling/polling-plan.ts";
import { budgetLeft } from "../../core/scheduling/token-bucket.ts";
import { DAY, startOfDay } from "../../core/time.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { isFailure, type Provider } from "../../providers/provider.ts";
import type { Gate } from "./gate.ts";
import type { GateMemory } from "./gate-memory.ts";
import { pollableOf, type Watch, type WatchList } from "./watch-list.ts";

/** Takes a quote where it belongs: to its symbol's room. */
export type PublishQuote = (instrument: Instrument, quote: ProviderQuote) => Promise<void>;

/** Asks for what rooms watch, at the pace that the provider and its budget allow. Times are unix seconds. */
export interface Polling {
  /** Asks for what is due, and delivers what comes back. */
  poll(now: number): Promise<void>;
  /** When to poll again; null where nothing is watched. */
  nextAt(now: number): number | null;
}

/** A room's lease on being polled for, in seconds: renew it twice in this time. A room that is gone is polled for no longer. */
export const WATCH_LEASE = 50;
/** A watched symbol is asked for so many times within the span after which its price would be stale, … */
const POLLS_WITHIN_FRESHNESS = 30;
/** … but not more often than this (seconds). */
const MIN_PACE = 2;
/** Two polls are at least this far apart (seconds). */
const MIN_PAUSE = 1;

/** Seconds between two polls of a watched symbol, where the budget allows it. */
export function wishedPace(provider: Provider): number {
  const { staleAfter, delay } = freshnessPolicyOf(provider.name);
  return Math.max(MIN_PACE, (staleAfter - delay) / POLLS_WITHIN_FRESHNESS);
}

/** Opens the polling of one provider. */
export function openPolling(
  provider: Provider,
  memory: GateMemory,
  watches: WatchList,
  gate: Gate,
  publish: PublishQuote,
): Polling {
  const { batchSize, budget, delay } = provider.capabilities;
  const wished: Pace = {
    watched: wishedPace(provider),
    asked: Number.POSITIVE_INFINITY,
    idle: Number.POSITIVE_INFINITY,
  };

  function rulesFor(running: readonly Watch[], now: number): PollingRules {
    const means = {
      symbols: { watched: running.length, asked: 0, idle: 0 },
      batchSize,
      budget: budgetLeft(memory.spent, budget, now),
      secondsLeftToday: openSecondsLeftToday(running, now),
    };
    return { ...allowanceWithin(wished, means), batchSize, delay };
  }

  async function ask(watch: Watch, now: number): Promise<void> {
    const { instrument } = watch.listing;
    const answer = (await gate.quotes([watch.listing], "background")).get(instrument.symbol);
    if (!answer) return;
    if (!isFailure(answer)) {
      watches.recordPoll(instrument.symbol, null, now);
      return publish(instrument, answer);
    }
    // Who was told when to come back is still due, and will be asked for as soon as the gate lets it.
    const askedAt = answer.retryAfter === null ? now : watch.askedAt;
    watches.recordPoll(instrument.symbol, answer, askedAt);
  }

  return {
    async poll(now) {
      watches.endExpired(now, WATCH_LEASE);
      const running = watches.running(now);
      const due = new Set(
        symbolsDue(
          running.map((watch) => pollableOf(watch, now)),
          rulesFor(running, now),
          now,
        ),
      );
      const leaving = running.filter(({ listing }) => due.has(listing.instrument.symbol));
      await Promise.all(leaving.map((watch) => ask(watch, now)));
    },
    nextAt(now) {
      const running = watches.running(now);
      if (running.length === 0) return null;
      const rules = rulesFor(running, now);
      let next = Number.POSITIVE_INFINITY;
      // What the upstream refuses, it refuses by asset class at the narrowest.
      for (const group of Map.groupBy(running, ({ listing }) => listing.instrument.type).values()) {
        const due =
          nextDueAt(
            group.map((watch) => pollableOf(watch, now)),
            rules,
            now,
          ) ?? Number.POSITIVE_INFINITY;
        const pause = gate.refusal(group[0].listing)?.retryAfter ?? 0;
        next = Math.min(next, Math.max(due, now + Math.max(MIN_PAUSE, pause)));
      }
      return next === Number.POSITIVE_INFINITY ? null : next;
    },
  };
}

/** Seconds of the rest of this UTC day in which any of the watched symbols trades. */
function openSecondsLeftToday(running: readonly Watch[], now: number): number {
  const midnight = startOfDay(now) + DAY;
  const markets = new Set(running.map(({ listing }) => marketOf(listing.instrument.primary_exchange)));
  return Math.max(0, ...Array.from(markets, (market) => openSecondsBetween(market, now, midnight)));
}
