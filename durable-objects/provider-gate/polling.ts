import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { openSecondsBetween } from "../../core/market-calendar/sessions.ts";
import { fitToBudget, type PollIntervals } from "../../core/scheduling/pace.ts";
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

/** A room's lease on being polled for, in seconds: renew it twice in this time. A room that is gone is polled for no longer. */
export const WATCH_LEASE_SECONDS = 50;
/** A watched symbol is asked for that many times within the span after which its price would be stale, … */
const POLLS_PER_STALE_PERIOD = 30;
/** … but not more often than this (seconds). */
const MIN_POLL_INTERVAL_SECONDS = 2;
/** Two polls are at least this far apart (seconds). */
const MIN_PAUSE_SECONDS = 1;

/** Seconds between two polls of a watched symbol, where the budget allows it. */
export function targetPollInterval(provider: Provider): number {
  const { staleAfter, delay } = freshnessPolicyOf(provider.name);
  return Math.max(MIN_POLL_INTERVAL_SECONDS, (staleAfter - delay) / POLLS_PER_STALE_PERIOD);
}

/** Asks for what rooms watch, at the pace that the provider and its budget allow. Times are unix seconds. */
export class Polling {
  readonly #memory: GateMemory;
  readonly #watches: WatchList;
  readonly #gate: Gate;
  readonly #publish: PublishQuote;
  readonly #batchSize: number;
  readonly #budget: import("../../providers/provider.ts").Budget;
  readonly #delay: number;
  readonly #targetIntervals: PollIntervals;

  constructor(provider: Provider, memory: GateMemory, watches: WatchList, gate: Gate, publish: PublishQuote) {
    this.#memory = memory;
    this.#watches = watches;
    this.#gate = gate;
    this.#publish = publish;
    this.#batchSize = provider.capabilities.batchSize;
    this.#budget = provider.capabilities.budget;
    this.#delay = provider.capabilities.delay;
    this.#targetIntervals = {
      watched: targetPollInterval(provider),
      asked: Number.POSITIVE_INFINITY,
      idle: Number.POSITIVE_INFINITY,
    };
  }

  /** Asks for what is due, and delivers what comes back. */
  async poll(now: number): Promise<void> {
    this.#watches.endExpired(now, WATCH_LEASE_SECONDS);
    const running = this.#watches.running(now);
    const due = new Set(
      symbolsDue(
        running.map((watch) => pollableOf(watch, now)),
        this.#rulesFor(running, now),
        now,
      ),
    );
    const toPoll = running.filter(({ listing }) => due.has(listing.instrument.symbol));
    await Promise.all(toPoll.map((watch) => this.#ask(watch, now)));
  }

  /** When to poll again; null where nothing is watched. */
  nextAt(now: number): number | null {
    const running = this.#watches.running(now);
    if (running.length === 0) return null;
    const rules = this.#rulesFor(running, now);
    let next = Number.POSITIVE_INFINITY;
    // What the upstream refuses, it refuses by asset class at the narrowest.
    for (const group of Map.groupBy(running, ({ listing }) => listing.instrument.type).values()) {
      const due =
        nextDueAt(
          group.map((watch) => pollableOf(watch, now)),
          rules,
          now,
        ) ?? Number.POSITIVE_INFINITY;
      const pause = this.#gate.refusal(group[0].listing)?.retryAfter ?? 0;
      next = Math.min(next, Math.max(due, now + Math.max(MIN_PAUSE_SECONDS, pause)));
    }
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  #rulesFor(running: readonly Watch[], now: number): PollingRules {
    const resources = {
      symbols: { watched: running.length, asked: 0, idle: 0 },
      batchSize: this.#batchSize,
      budget: budgetLeft(this.#memory.spent, this.#budget, now),
      secondsLeftToday: openSecondsLeftToday(running, now),
    };
    return { ...fitToBudget(this.#targetIntervals, resources), batchSize: this.#batchSize, delay: this.#delay };
  }

  async #ask(watch: Watch, now: number): Promise<void> {
    const { instrument } = watch.listing;
    const answer = (await this.#gate.quotes([watch.listing], "background")).get(instrument.symbol);
    if (!answer) return;
    if (!isFailure(answer)) {
      this.#watches.recordPoll(instrument.symbol, null, now);
      return this.#publish(instrument, answer);
    }
    // A caller that got a time to come back is still due, and will be asked for as soon as the gate lets it.
    const askedAt = answer.retryAfter === null ? now : watch.askedAt;
    this.#watches.recordPoll(instrument.symbol, answer, askedAt);
  }
}

/** Seconds of the rest of this UTC day in which any of the watched symbols trades. */
function openSecondsLeftToday(running: readonly Watch[], now: number): number {
  const midnight = startOfDay(now) + DAY;
  const markets = new Set(running.map(({ listing }) => marketOf(listing.instrument.primary_exchange)));
  return Math.max(0, ...Array.from(markets, (market) => openSecondsBetween(market, now, midnight)));
}
