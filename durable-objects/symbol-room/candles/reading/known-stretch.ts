import { bucketAt } from "../../../../core/buckets.ts";
import {
  bucketStart,
  INTERVALS,
  INTRADAY_SECONDS,
  type Interval,
  isDated,
  isMultipleOf,
  nextStamp,
} from "../../../../core/interval.ts";
import type { Market } from "../../../../core/market-calendar/markets.ts";
import type { Span } from "../../../../core/spans.ts";
import { DAY } from "../../../../core/time.ts";
import type { Series } from "../series.ts";
import type { Stretch } from "../storage/origins.ts";

/** At which interval the candles are stored that an import's coarser ones are made of, once it has ended. */
const STORED_AT: Partial<Record<Interval, Interval>> = { "1h": "1h", "4h": "1h", "1d": "1d", "1w": "1d", "1M": "1d" };

/**
 * The finer intervals whose candles make those of an interval: of imports, which have no others, and of providers that do not serve it.
 * An import's are those of its file, until its hours and days are stored.
 */
export function finerIntervals({ origins, askedInterval }: Series, interval: Interval): Interval[] {
  const isFiner = ({ origin, interval: fine }: Stretch): boolean => {
    if (!isMultipleOf(fine, interval)) return false;
    if (origin.provider !== "import") return askedInterval(origin.provider, interval) === fine;
    const storedAt = STORED_AT[interval];
    const isStored = origins.stretches(storedAt).some((each) => each.origin.id === origin.id);
    return fine === (storedAt && isStored ? storedAt : origin.interval);
  };
  const found = new Set(
    origins
      .stretches()
      .filter(isFiner)
      .map((each) => each.interval),
  );
  return INTERVALS.filter((each) => found.has(each));
}

/** The stretches of imported files whose candles are finer than an interval: of those that are not made of them a part is known. */
export function finerFiles({ origins }: Series, interval: Interval): Stretch[] {
  return origins
    .stretches()
    .filter(({ origin, interval: fine }) => origin.interval === fine && isMultipleOf(fine, interval));
}

/** The stretch for which candles of an interval, or of finer ones that make them, are stored, `[from, to)` by their stamps; null for none. */
export function knownStretch(series: Series, interval: Interval): Span | null {
  const { market, origins } = series;
  const intervals = [interval, ...finerIntervals(series, interval)];
  const own = origins.stretches().filter((each) => intervals.includes(each.interval));
  const stretches = [...own, ...finerFiles(series, interval)];
  if (stretches.length === 0) return null;
  const firsts = stretches.map((each) => stampAt(market, each.interval, interval, each.first));
  const last = Math.max(...stretches.map((each) => stampAt(market, each.interval, interval, each.last)));
  return {
    from: Math.min(...firsts),
    to: isDated(interval) ? nextStamp(interval, last) : last + (INTRADAY_SECONDS[interval] ?? DAY),
  };
}

/** The stamp of the candle of an interval that holds a finer one. */
export function stampAt(market: Market, fine: Interval, interval: Interval, time: number): number {
  if (fine === interval) return time;
  if (isDated(fine)) return isDated(interval) ? bucketStart(interval, time) : time;
  return bucketAt(market, interval, time)?.time ?? (isDated(interval) ? bucketStart(interval, time) : time);
}
