import { describe, expect, it } from "vitest";
import type { ProviderName } from "../../contracts/provider.ts";
import { MARKETS, type Market } from "../../core/market-calendar/markets.ts";
import { isOpen, openSecondsBetween } from "../../core/market-calendar/sessions.ts";
import { admit, afterFailure, afterSuccess, NEW_BREAKER } from "../../core/scheduling/circuit-breaker.ts";
import { type Demand, fitToBudget, type PollIntervals } from "../../core/scheduling/pace.ts";
import { nextDueAt, type Pollable, symbolsDue } from "../../core/scheduling/polling-plan.ts";
import { budgetLeft, NO_SPEND, type Priority, spend } from "../../core/scheduling/token-bucket.ts";
import { targetPollInterval } from "../../durable-objects/provider-gate/polling.ts";
import { providerOf } from "../../providers/catalogue.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import type { Provider } from "../../providers/provider.ts";

/** Tuesday: crypto always trades, JSE from 07:00 to 15:00 UTC, New York from 14:30 to 21:00 UTC. */
const MIDNIGHT = Date.parse("2026-11-24T00:00:00Z") / 1000;
const DAY = 86_400;

/** The budgets that the providers declare; none of these keys exists. */
const SETTINGS = { ALPHA_VANTAGE_API_KEY: "k", JSE_API_KEY: "k", JSE_BASE_URL: "https://jse.example" };

interface Crowd {
  provider: ProviderName;
  market: Market;
  symbols: Record<Demand, number>;
  /** Calls that readers cause, on average each that many seconds. */
  userCallEvery: number;
  /** The upstream is down from and to these seconds of the day. */
  outage: [number, number] | null;
}

/** A thousand symbols in all. */
const CROWDS: Crowd[] = [
  {
    provider: "binance",
    market: MARKETS.CRYPTO,
    symbols: { watched: 40, asked: 110, idle: 250 },
    userCallEvery: 4,
    outage: null,
  },
  {
    provider: "coingecko",
    market: MARKETS.CRYPTO,
    symbols: { watched: 30, asked: 70, idle: 100 },
    userCallEvery: 50,
    outage: [36_000, 36_300],
  },
  {
    provider: "jse",
    market: MARKETS.JSE,
    symbols: { watched: 40, asked: 60, idle: 150 },
    userCallEvery: 3,
    outage: null,
  },
  {
    provider: "alpha_vantage",
    market: MARKETS.US,
    symbols: { watched: 1, asked: 49, idle: 100 },
    userCallEvery: 20_000,
    outage: null,
  },
];

/** The same pseudo-random numbers in every run (a linear congruential generator, Numerical Recipes). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Day {
  calls: number[];
  /** By symbol: when it was answered for. */
  answers: Map<string, number[]>;
  hot: string[];
}

/** Lives through one day, second by second, as a gate and the minute's cron would. */
function live(crowd: Crowd, provider: Provider, seed: number): Day {
  const { batchSize, budget, delay } = provider.capabilities;
  const random = seeded(seed);
  const wished: PollIntervals = { watched: targetPollInterval(provider), asked: 300, idle: 3_600 };
  const items: Pollable[] = (["watched", "asked", "idle"] as const).flatMap((demand) =>
    Array.from({ length: crowd.symbols[demand] }, (_, i) => ({
      symbol: `${demand}${i}`,
      market: crowd.market,
      demand,
      askedAt: null,
    })),
  );
  const bySymbol = new Map(items.map((item) => [item.symbol, item]));
  const watched = items.filter(({ demand }) => demand === "watched");
  const day: Day = { calls: [], answers: new Map(), hot: watched.map(({ symbol }) => symbol) };
  let spent = NO_SPEND;
  let breaker = NEW_BREAKER;
  let pollAt = MIDNIGHT;

  const call = (symbols: readonly string[], priority: Priority, now: number): void => {
    const admission = admit(breaker, now, 30);
    const purchase = spend(spent, budget, priority, now);
    if (admission.kind === "refused" || purchase.kind === "refused") return;
    spent = purchase.spent;
    day.calls.push(now);
    const second = now - MIDNIGHT;
    const down = crowd.outage !== null && second >= crowd.outage[0] && second < crowd.outage[1];
    breaker = down ? afterFailure(admission.breaker, now) : afterSuccess(admission.breaker, now);
    for (const symbol of symbols) {
      const item = bySymbol.get(symbol);
      if (!item || down) continue;
      item.askedAt = now;
      const answers = day.answers.get(symbol);
      if (answers) answers.push(now);
      else day.answers.set(symbol, [now]);
    }
  };
  const rulesAt = (now: number) => {
    const means = {
      symbols: crowd.symbols,
      batchSize,
      budget: budgetLeft(spent, budget, now),
      secondsLeftToday: openSecondsBetween(crowd.market, now, MIDNIGHT + DAY),
    };
    return { ...fitToBudget(wished, means), batchSize, delay };
  };
  const poll = (pollables: readonly Pollable[], now: number): void => {
    const due = symbolsDue(pollables, rulesAt(now), now);
    for (let i = 0; i < due.length; i += batchSize) call(due.slice(i, i + batchSize), "background", now);
  };

  for (let now = MIDNIGHT; now < MIDNIGHT + DAY; now++) {
    if (random() < 1 / crowd.userCallEvery) {
      const wanted = items[Math.floor(random() * items.length)].symbol;
      if (isOpen(crowd.market, now)) call([wanted], "user", now + random() / 2);
    }
    if (now % 60 === 0) poll(items, now + 0.5);
    if (now + 0.5 >= pollAt) {
      poll(watched, now + 0.5);
      pollAt = Math.max(nextDueAt(watched, rulesAt(now + 0.5), now + 0.5) ?? 0, now + 1);
    }
  }
  return day;
}

function mostWithin(times: readonly number[], seconds: number): number {
  let most = 0;
  let first = 0;
  times.forEach((time, last) => {
    while (times[first] <= time - seconds) first++;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

describe("a day of a thousand symbols", () => {
  const total = CROWDS.flatMap(({ symbols }) => Object.values(symbols)).reduce((sum, count) => sum + count, 0);

  it("is about a thousand symbols", () => {
    expect(total).toBe(1_000);
  });

  it.each(CROWDS)("with $provider exceeds no budget and keeps every hot symbol fresh", (crowd) => {
    const provider = providerOf(crowd.provider, SETTINGS);
    if ("disabled" in provider) throw new Error(provider.disabled);
    const { perSecond, perMinute, perDay } = provider.capabilities.budget;
    const { staleAfter, delay } = freshnessPolicyOf(crowd.provider);
    const day = live(crowd, provider, 7);
    const times = day.calls.toSorted((a, b) => a - b);

    expect(times.length).toBeGreaterThan(10);
    expect(mostWithin(times, 1)).toBeLessThanOrEqual(perSecond ?? Number.POSITIVE_INFINITY);
    expect(mostWithin(times, 60)).toBeLessThanOrEqual(perMinute ?? Number.POSITIVE_INFINITY);
    expect(times.length).toBeLessThanOrEqual(perDay ?? Number.POSITIVE_INFINITY);

    // The price that an answer brings is as old as the provider's delay; it must be replaced before it is stale.
    const longest = staleAfter - delay;
    for (const symbol of day.hot) {
      const marks = [MIDNIGHT, ...(day.answers.get(symbol) ?? []), MIDNIGHT + DAY];
      const gaps = marks.slice(1).map((mark, i) => openSecondsBetween(crowd.market, marks[i], mark));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(longest);
    }
    // Outside the session no one is asked for, but once for the last print.
    const trading = (time: number) => isOpen(crowd.market, time) || isOpen(crowd.market, time - delay);
    for (const answers of day.answers.values()) {
      expect(answers.filter((time) => !trading(time)).length).toBeLessThanOrEqual(1);
    }
  });
});
