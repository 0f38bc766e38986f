import type { Tier } from "../../../contracts/api-key.ts";
import { costOfCandles, costOfIndicators } from "../../../contracts/request-costs.ts";
import { MAX_ABSENCE_SECONDS, MAX_REPLAYED_EVENTS } from "../../../contracts/stream.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { ANONYMOUS_BURST } from "../../../contracts/usage.ts";
import { countBuckets } from "../../../core/buckets.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import { DAY } from "../../../core/time.ts";
import type { Acquisition } from "../../usage-meter/leases.ts";
import { describeExhausted, type MeteredKey } from "../../usage-meter/payment.ts";
import type { HistoryTerms } from "../connections/handshake-request.ts";
import type { Subject } from "../protocol/subscription.ts";
import type { RejectedSymbol, RequestedSymbol } from "./requested-symbols.ts";
import type { Rejection } from "./symbol-resolver.ts";

/** Takes units from a key's quotas. */
export type AcquireFromKey = (key: MeteredKey, cost: number) => Promise<Acquisition>;

/** Whose history is asked for, and on what terms. */
interface HistoryCaller {
  address: string;
  history: HistoryTerms;
}

/** The room counts closed bars of a source that may be late: near a bound it may send a bar that lies beyond it from here. */
const MAX_COUNTED_BARS = 2 * MAX_REPLAYED_EVENTS;
const MAX_COUNTED_SECONDS = MAX_ABSENCE_SECONDS + 62 * DAY;

/**
 * What the bars after `since` (unix seconds) of one symbol cost, in units: what REST asks for as many. Where there are surely more than
 * one confirmation may hold, none are read, and it costs what asking costs.
 * @param subjects what one message subscribes to of the symbol: quotes, candles, or indicators of one interval
 */
export function historyCost(
  subjects: readonly Subject[],
  exchange: Instrument["primary_exchange"],
  since: number,
  now: number,
): number {
  const [first] = subjects;
  if (!first || first.channel === "quotes") return 0;
  const isTooLong = since > now || now - since > MAX_COUNTED_SECONDS;
  const count = isTooLong ? 0 : countBuckets(marketOf(exchange), first.interval, since + 1, now);
  const bars = count > MAX_COUNTED_BARS ? 0 : Math.min(count, MAX_REPLAYED_EVENTS);
  return first.channel === "candles" ? costOfCandles(bars) : costOfIndicators(1, subjects.length, bars);
}

const FORBIDDEN: Rejection = {
  code: "auth.forbidden",
  detail: 'History by since needs the scope "read", which your key does not have. Subscribe without since.',
};

function limitExceeded(detail: string, wait: number): Rejection {
  return { code: "rate_limit.exceeded", detail: `${detail} Until then, subscribe without since.`, retry_after: wait };
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
      return limitExceeded(`At most ${limit} histories in ${seconds} seconds without a key.`, wait);
    }
    counts.set(address, count + 1);
    return null;
  };
}

async function acquireByKey(
  pay: AcquireFromKey,
  key: { prefix: string; tier: Tier },
  price: number,
): Promise<Rejection | null> {
  const { isGranted, quotaState } = await pay(key, price);
  if (isGranted || !quotaState) return null;
  const { detail, wait } = describeExhausted(key.tier, price, quotaState);
  return limitExceeded(detail, wait);
}

/** Decides who gets history by `since` of candles and indicators, and takes its price. Replayed quotes are free. */
export class HistoryAccess {
  readonly #acquire: AcquireFromKey;
  readonly #countAddress = openAddressLimit();

  constructor(acquire: AcquireFromKey) {
    this.#acquire = acquire;
  }

  /** Takes the price of what each of these symbols' clients missed; what is not granted, with its reason. */
  async acquire(
    payer: HistoryCaller,
    requested: readonly RequestedSymbol[],
    subjects: readonly Subject[],
  ): Promise<RejectedSymbol[]> {
    const rejected: RejectedSymbol[] = [];
    for (const { instrument, since } of requested) {
      if (since === null || !("time" in since)) continue;
      const price = historyCost(subjects, instrument.primary_exchange, since.time, Date.now() / 1000);
      const refusal = await this.#refusalOf(payer, price);
      if (refusal) rejected.push({ symbol: instrument.symbol, ...refusal });
    }
    return rejected;
  }

  async #refusalOf({ address, history }: HistoryCaller, price: number): Promise<Rejection | null> {
    switch (history.kind) {
      case "free":
        return null;
      case "forbidden":
        return FORBIDDEN;
      case "by_address":
        return this.#countAddress(address, Date.now() / 1000);
      case "by_key":
        return acquireByKey(this.#acquire, history, price);
    }
  }
}
