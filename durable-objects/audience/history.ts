import type { Tier } from "../../contracts/api-key.ts";
import { priceOfCandles, priceOfIndicators } from "../../contracts/prices.ts";
import { LONGEST_ABSENCE, MOST_MISSED } from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { ANONYMOUS_BURST } from "../../contracts/usage.ts";
import { countBuckets } from "../../core/buckets.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { DAY } from "../../core/time.ts";
import type { Payment } from "../usage-meter/leases.ts";
import { type PayingKey, whyUnpaid } from "../usage-meter/payment.ts";
import type { HistoryTerms } from "./admission.ts";
import type { Joiner, Rejection } from "./joiners.ts";
import type { Subject } from "./subscription.ts";
import type { Refusal } from "./symbol-book.ts";

/** Takes units from a key's quotas. */
export type PayFromKey = (key: PayingKey, cost: number) => Promise<Payment>;

/** Whose history is asked for, and on what terms. */
interface Payer {
  address: string;
  history: HistoryTerms;
}

/** Decides who gets history by `since` of candles and indicators, and takes its price. Replayed quotes are free. */
export interface HistoryDesk {
  /** Takes the price of what each of these symbols' clients missed; what is not granted, with its reason. */
  refused(payer: Payer, joiners: readonly Joiner[], subjects: readonly Subject[]): Promise<Rejection[]>;
}

/** The room counts closed bars of a source that may be late: near a bound it may send what is beyond it from here. */
const SURELY_TOO_MANY = 2 * MOST_MISSED;
const SURELY_TOO_LONG = LONGEST_ABSENCE + 62 * DAY;

/**
 * What the bars after `since` (unix seconds) of one symbol cost, in units: what REST asks for as many. Where there are surely more than
 * one confirmation may hold, none are read, and it costs what asking costs.
 * @param subjects what one message subscribes to of the symbol: quotes, candles, or indicators of one interval
 */
export function priceOfHistory(
  subjects: readonly Subject[],
  exchange: Instrument["primary_exchange"],
  since: number,
  now: number,
): number {
  const [first] = subjects;
  if (!first || first.channel === "quotes") return 0;
  const isTooLong = since > now || now - since > SURELY_TOO_LONG;
  const count = isTooLong ? 0 : countBuckets(marketOf(exchange), first.interval, since + 1, now);
  const bars = count > SURELY_TOO_MANY ? 0 : Math.min(count, MOST_MISSED);
  return first.channel === "candles" ? priceOfCandles(bars) : priceOfIndicators(1, subjects.length, bars);
}

const FORBIDDEN: Refusal = {
  code: "auth.forbidden",
  detail: 'History by since needs the scope "read", which your key does not have. Subscribe without since.',
};

function tooMuch(detail: string, wait: number): Refusal {
  return { code: "rate_limit.exceeded", detail: `${detail} Until then, subscribe without since.`, retry_after: wait };
}

/** Counts what addresses without a key ask for, in windows of the clock: as often as the gateway lets them ask in a burst. */
function openAddressCounts(): (address: string, nowSeconds: number) => Refusal | null {
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
      return tooMuch(`At most ${limit} histories in ${seconds} seconds without a key.`, wait);
    }
    counts.set(address, count + 1);
    return null;
  };
}

async function payByKey(pay: PayFromKey, key: { prefix: string; tier: Tier }, price: number): Promise<Refusal | null> {
  const { paid, standing } = await pay(key, price);
  if (paid || !standing) return null;
  const { detail, wait } = whyUnpaid(key.tier, price, standing);
  return tooMuch(detail, wait);
}

/** Opens the desk of an object's audience. Its counts are in memory: by the time that an object has gone to sleep, their window is over. */
export function openHistoryDesk(pay: PayFromKey): HistoryDesk {
  const countAddress = openAddressCounts();

  async function refusalOf({ address, history }: Payer, price: number): Promise<Refusal | null> {
    switch (history.kind) {
      case "free":
        return null;
      case "forbidden":
        return FORBIDDEN;
      case "by_address":
        return countAddress(address, Date.now() / 1000);
      case "by_key":
        return payByKey(pay, history, price);
    }
  }

  return {
    async refused(payer, joiners, subjects) {
      const rejected: Rejection[] = [];
      for (const { instrument, since } of joiners) {
        if (since === null || !("time" in since)) continue;
        const price = priceOfHistory(subjects, instrument.primary_exchange, since.time, Date.now() / 1000);
        const refusal = await refusalOf(payer, price);
        if (refusal) rejected.push({ symbol: instrument.symbol, ...refusal });
      }
      return rejected;
    },
  };
}
