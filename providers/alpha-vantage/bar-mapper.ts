import { bucketAt, bucketStamped } from "../../core/buckets.ts";
import type { Interval } from "../../core/interval.ts";
import type { Market } from "../../core/market-calendar/markets.ts";
import { decimalText } from "../answer-schema.ts";
import { type Bar, isUnfit, type ReadRow } from "../bars.ts";
import { readRow, readRows, unfit } from "../rows.ts";
import { dateStamp, momentIn } from "./clock.ts";
import { BarSchema, date, moment, type Series, SplitSchema } from "./schema.ts";

/** A row and what it is stamped with, as a time series has them. */
type Entry = [stamp: string, row: unknown];

/** A bar; null where the row is none. An open, high or low of zero stands for unknown. */
function barOf(time: number | null, row: unknown): ReadRow | null {
  const fields = BarSchema.safeParse(row).data;
  if (!fields) return null;
  const [open, high, low, close] = [fields["1. open"], fields["2. high"], fields["3. low"], fields["4. close"]];
  const volume = fields["5. volume"] ?? fields["6. volume"];
  return readRow({ time, open, high, low, close, volume }, { number: decimalText, unknown: "zero" });
}

/** A date's stamp, unix seconds; null where it is no date. */
function stampOf(text: string): number | null {
  const stamp = date.safeParse(text).success ? dateStamp(text) : Number.NaN;
  return Number.isNaN(stamp) ? null : stamp;
}

const dayOf = ([stamp, row]: Entry): ReadRow | null => barOf(stampOf(stamp), row);

const divided = (value: number, factor: number): number =>
  factor === 1 ? value : Number((value / factor).toPrecision(12));

/** A bar of which `factor` shares are one by now. */
function adjusted({ time, open, high, low, close, volume }: Bar, factor: number): Bar {
  const price = (value: number | null): number | null => value && divided(value, factor);
  return {
    time,
    open: price(open),
    high: price(high),
    low: price(low),
    close: divided(close, factor),
    volume: volume && divided(volume, 1 / factor),
  };
}

/** Days as they were traded, stamped with their trading date; null where it is no answer. */
export function rowsFromDaily({ rows }: Series): ReadRow[] | null {
  return readRows(Object.entries(rows), dayOf);
}

/**
 * Days adjusted for splits, not for dividends: each is divided by every split after it. The answer must reach to the latest
 * day, as the service's always do, or later splits would be missing. Before a day whose split cannot be read none can be
 * adjusted, and all are left out.
 * @returns null where it is no answer
 */
export function rowsFromAdjusted({ rows }: Series): ReadRow[] | null {
  let factor: number | null = 1;
  const latestFirst = Object.entries(rows).sort(([a], [b]) => (a < b ? 1 : -1));
  return readRows(latestFirst, (entry) => {
    const day = dayOf(entry);
    // Of a row without a date it is not known which days come before it.
    if (day === null || day.time === null) return day;
    const current = factor;
    const split: number | undefined = SplitSchema.safeParse(entry[1]).data?.["8. split coefficient"];
    factor = current === null || split === undefined ? null : current * split;
    if (isUnfit(day)) return day;
    return current === null ? unfit(day.time, "impossible", "a later split cannot be read") : adjusted(day, current);
  });
}

/**
 * Bars inside regular sessions. The service stamps their opening, on the clock of a zone that it names; until 2023 it
 * stamped their end. What is traded around sessions is none of our candles.
 * @returns null where it is no answer
 */
export function rowsFromIntraday({ rows, zone }: Series, market: Market, interval: Interval): ReadRow[] | null {
  const read = readRows(Object.entries(rows), ([stamp, row]: Entry) => {
    const isMoment = moment.safeParse(stamp).success && stampOf(stamp.slice(0, 10)) !== null;
    return barOf(isMoment ? momentIn(zone, stamp) : null, row);
  });
  const isAround = ({ time }: ReadRow): boolean =>
    time !== null && bucketStamped(market, interval, time) !== null && bucketAt(market, interval, time)?.time !== time;
  return read?.filter((row) => !isAround(row)) ?? null;
}
