import { costOfCandles, costOfIndicators } from "../../../contracts/request-costs.ts";
import { MAX_ABSENCE_SECONDS, MAX_REPLAYED_EVENTS } from "../../../contracts/stream.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { ANONYMOUS_BURST } from "../../../contracts/usage.ts";
import { countBuckets } from "../../../core/buckets.ts";
import { barsNeeded } from "../../../core/indicators/history.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { DAY } from "../../../core/time.ts";
import type { Acquisition } from "../../usage-meter/leases.ts";
import { describeExhausted, type Payer } from "../../usage-meter/payment.ts";
import type { HistoryTerms } from "../connections/handshake-request.ts";
import { MessageError } from "../protocol/client-message.ts";
import type { Subject } from "../protocol/subscription.ts";
import type { RejectedSymbol, RequestedSymbol } from "./requested-symbols.ts";
import type { Rejection } from "./symbol-resolver.ts";

/** Takes units from a payer's quotas. */
export type AcquireUnits = (payer: Payer, cost: number) => Promise<Acquisition>;

/** Whose history is asked for, and on what terms. */
interface HistoryCaller {
  address: string;
  history: HistoryTerms;
}

/** What the subscriptions of one message to one symbol read of its history. */
export interface HistoryDemand {
  /** The price, in units: what REST asks for as much. */
  cost: number;
  /** Indicators × bars that are calculated for them. */
  steps: number;
}

/** The room counts closed bars of a source that may be late: near a bound it may send a bar that lies beyond it from here. */
const MAX_COUNTED_BARS = 2 * MAX_REPLAYED_EVENTS;
const MAX_COUNTED_SECONDS = MAX_ABSENCE_SECONDS + 62 * DAY;
/** The most indicators × bars that one message may have calculated, over all of its symbols. */
export const MAX_MESSAGE_STEPS = 5_000_000;

const NOTHING: HistoryDemand = { cost: 0, steps: 0 };

/** How many bars after `since` (unix seconds) one confirmation may hold; 0 where there are surely more, for none of them are read then. */
function missedBars(
  exchange: Instrument["primary_exchange"],
  interval: Parameters<typeof countBuckets>[1],
  since: number,
  now: number,
) {
  const isTooLong = since > now || now - since > MAX_COUNTED_SECONDS;
  const count = isTooLong ? 0 : countBuckets(marketOf(exchange), interval, since + 1, now);
  return count > MAX_COUNTED_BARS ? 0 : Math.min(count, MAX_REPLAYED_EVENTS);
}

/**
 * What one symbol's history costs that the subscriptions of a message need: the bars after `since`, and for indicators the history from
 * which they are started. Quotes need none, and neither do candles without `since`.
 * @param subjects what the message subscribes to of the symbol: quotes, candles, or indicators of one interval
 * @param since unix seconds; null where the client names no position
 */
export function historyDemand(
  subjects: readonly Subject[],
  exchange: Instrument["primary_exchange"],
  since: number | null,
  now: number,
): HistoryDemand {
  const [first] = subjects;
  if (!first || first.channel === "quotes") return NOTHING;
  const bars = since === null ? 0 : missedBars(exchange, first.interval, since, now);
  if (first.channel === "candles") return since === null ? NOTHING : { cost: costOfCandles(bars), steps: 0 };
  const specs = subjects.flatMap((subject) => (subject.channel === "indicators" ? [parseSpec(subject.indicator)] : []));
  const needed = barsNeeded(
    specs,
    marketOf(exchange),
    { interval: first.interval, points: Math.max(1, bars), from: null, to: null },
    now,
  );
  return { cost: costOfIndicators(1, specs.length, bars, needed), steps: needed * specs.length };
}

const FORBIDDEN: Rejection = {
  code: "auth.forbidden",
  detail: 'History by since needs the scope "read", which your key does not have. Subscribe without since.',
};

function limitExceeded(detail: string, wait: number, hasSince: boolean): Rejection {
  const until = hasSince ? " Until then, subscribe without since." : "";
  return { code: "rate_limit.exceeded", detail: `${detail}${until}`, retry_after: wait };
}

/** Counts what addresses without a key ask for, in windows of the clock: as often as the gateway lets them ask in a burst. */
function openAddressLimit(): (address: string, nowSeconds: number) => Rejection | null {
  const { limit, seconds } = ANONYMOUS_BURST;
  const counts = new Map<string, number>();
  let window = 0;
  return (address, now) => {
    const current = Math.floor(now / seconds);
    if (current !== window) counts.clear();
    window = current;
    const count = counts.get(address) ?? 0;
    if (count >= limit) {
      const wait = Math.max(1, Math.ceil((current + 1) * seconds - now));
      return limitExceeded(`At most ${limit} histories in ${seconds} seconds without a key.`, wait, true);
    }
    counts.set(address, count + 1);
    return null;
  };
}

/** Decides who gets history, and takes its price. Replayed quotes are free. */
export class HistoryAccess {
  readonly #acquire: AcquireUnits;
  readonly #countAddress = openAddressLimit();

  constructor(acquire: AcquireUnits) {
    this.#acquire = acquire;
  }

  /**
   * Takes the price of the history that each of these symbols needs; returns what is not granted, with its reason.
   * @throws MessageError where the message asks for more than one may
   */
  async acquire(
    caller: HistoryCaller,
    requested: readonly RequestedSymbol[],
    subjects: readonly Subject[],
  ): Promise<RejectedSymbol[]> {
    const now = Date.now() / 1000;
    const demands = requested.map(({ instrument, since }) => {
      const time = since !== null && "time" in since ? since.time : null;
      return { symbol: instrument.symbol, time, ...historyDemand(subjects, instrument.primary_exchange, time, now) };
    });
    checkSteps(demands.reduce((sum, { steps }) => sum + steps, 0));
    const rejected: RejectedSymbol[] = [];
    for (const { symbol, time, cost } of demands) {
      if (cost === 0) continue;
      const refusal = await this.#refusalOf(caller, cost, time !== null);
      if (refusal) rejected.push({ symbol, ...refusal });
    }
    return rejected;
  }

  async #refusalOf({ address, history }: HistoryCaller, cost: number, hasSince: boolean): Promise<Rejection | null> {
    switch (history.kind) {
      case "free":
        return null;
      case "by_key": {
        const { prefix, tier, mayRead } = history;
        return hasSince && !mayRead ? FORBIDDEN : this.#pay({ kind: "key", prefix, tier }, cost, hasSince);
      }
      case "by_address":
        return (
          (hasSince ? this.#countAddress(address, Date.now() / 1000) : null) ??
          this.#pay({ kind: "address", network: address }, cost - 1, hasSince)
        );
    }
  }

  async #pay(payer: Payer, cost: number, hasSince: boolean): Promise<Rejection | null> {
    if (cost <= 0) return null;
    const { isGranted, quotaState } = await this.#acquire(payer, cost);
    if (isGranted || !quotaState) return null;
    const { detail, wait } = describeExhausted(payer, cost, quotaState);
    return limitExceeded(detail, wait, hasSince);
  }
}

/** @throws MessageError where a message asks for more than one may */
function checkSteps(steps: number): void {
  if (steps <= MAX_MESSAGE_STEPS) return;
  throw new MessageError(
    "calculation.too_large",
    `The message asks for ${steps} calculations (indicators × the bars that they need, over all symbols); one may ask for ${MAX_MESSAGE_STEPS}. Subscribe to fewer symbols or indicators at a time.`,
  );
}
