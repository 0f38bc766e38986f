import { besideHigher, followsPlausibly, type SeriesPart } from "../../../../core/candle-series/splice.ts";
import { INTRADAY_SECONDS, type Interval, isDated, nextStamp } from "../../../../core/interval.ts";
import { addSpan, type Span } from "../../../../core/spans.ts";
import type { Series } from "../series.ts";
import type { Hidden } from "../storage/candle-store.ts";
import type { KeptOrigin } from "../storage/origins.ts";
import { finerIntervals, stampAt } from "./known-stretch.ts";

/** Further back or ahead than any stamp. */
const FAR = 8.64e12;

interface Part extends SeriesPart {
  part: number;
  /** The interval at which its candles are stored: finer ones are made into coarser ones. */
  storedAt: Interval;
  /** The best of its origins. */
  best: KeptOrigin;
}

/** What of an interval is not shown, because it does not fit what ranks higher. */
export interface HiddenParts {
  hidden: Hidden[];
  /** The stretches in which candles are left out for it. */
  stretches: Span[];
}

const NOTHING: HiddenParts = { hidden: [], stretches: [] };

/** What of each interval does not fit, kept until something changes. */
export class Visibility {
  readonly #kept = new Map<string, HiddenParts>();
  #generation = -1;

  /** What of an interval is not shown. */
  of(series: Series, interval: Interval): HiddenParts {
    const { origins } = series;
    if (this.#generation !== origins.generation()) this.#kept.clear();
    this.#generation = origins.generation();
    const key = `${interval} ${series.sources.join()}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const found = hiddenParts(series, interval);
    this.#kept.set(key, found);
    return found;
  }
}

function hiddenParts(series: Series, interval: Interval): HiddenParts {
  const parts = partsOf(series, interval);
  const sources = parts.filter(({ best }) => series.sources.includes(best.provider));
  const hidden: Hidden[] = parts
    .filter((part) => !sources.includes(part))
    .map(({ part }) => ({ part, from: -FAR, to: FAR }));
  if (hidden.length === 0 && parts.length < 2) return NOTHING;
  const foreign = hidden.length;
  const shown: Part[] = [];
  for (const part of sources) {
    const spans = shown.flatMap((higher) => hiddenBeside(series, interval, higher, part));
    hidden.push(...spans.map((span) => ({ ...span, part: part.part })));
    shown.push(part);
  }
  const stretches = hidden.slice(foreign).flatMap(({ part, from, to }) => {
    const { first, last } = parts.find((each) => each.part === part) ?? { first: 0, last: -1 };
    const span = { from: Math.max(from, first), to: Math.min(to, endOf(interval, last)) };
    return span.to > span.from ? [span] : [];
  });
  return { hidden, stretches: stretches.reduce<Span[]>((all, span) => addSpan(all, span), []) };
}

/** The end of the bucket that is stamped so, by the stamps of its interval. */
const endOf = (interval: Interval, time: number): number =>
  isDated(interval) ? nextStamp(interval, time) : time + (INTRADAY_SECONDS[interval] ?? 1);

/** The parts of an interval, those that are made of finer candles among them, the highest first. */
function partsOf(series: Series, interval: Interval): Part[] {
  const { market, origins, isBetter } = series;
  const parts = new Map<number, Part>();
  const stretches = [interval, ...finerIntervals(series, interval)].flatMap((each) => origins.stretches(each));
  for (const { origin, interval: storedAt, ...own } of stretches) {
    const [first, last] = [own.first, own.last].map((time) => stampAt(market, storedAt, interval, time));
    const known = parts.get(origin.part);
    const best = known && isBetter(known.best, origin) ? known.best : origin;
    parts.set(origin.part, {
      part: origin.part,
      storedAt: known?.storedAt ?? storedAt,
      best,
      adjustment: best.adjustment,
      adjustedAsOf: latest(known?.adjustedAsOf ?? null, origin.adjustedAsOf),
      isImport: best.provider === "import",
      first: Math.min(known?.first ?? first, first),
      last: Math.max(known?.last ?? last, last),
    });
  }
  return [...parts.values()].sort((a, b) => (isBetter(a.best, b.best) ? -1 : 1));
}

const latest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

function hiddenBeside(series: Series, interval: Interval, higher: Part, lower: Part): Span[] {
  const { origins } = series;
  const [one, other] = [higher.part, lower.part];
  const seen = origins.seam(interval, one, other) ?? origins.seamElsewhere(one, other);
  const agrees = seen ?? meetPlausibly(series, interval, higher, lower);
  const { before, within, after } = besideHigher(higher, lower, agrees);
  const spans: Span[] = [];
  if (!before) spans.push({ from: -FAR, to: higher.first });
  if (!within) spans.push({ from: higher.first, to: higher.last + 1 });
  if (after === null) spans.push({ from: higher.last + 1, to: FAR });
  else if (after > higher.last) spans.push({ from: higher.last + 1, to: after });
  return spans;
}

/** Whether two parts without a common bucket can have the same prices, by the closes next to one of their seams. */
function meetPlausibly({ market, store }: Series, interval: Interval, higher: Part, lower: Part): boolean {
  const near = (part: Part, from: number, to: number, backward: boolean) => {
    const query = { interval: part.storedAt, from, limit: 1, backward, includeSuspect: false };
    // The finer candles of a bucket go on beyond its stamp.
    const end = part.storedAt === interval ? to : endOf(interval, to);
    const candles = store.readPart({ ...query, to: end }, part.part);
    return candles.length === 0 ? null : { time: candles.time[0], close: candles.close[0] };
  };
  const seams =
    lower.last > higher.last
      ? [near(higher, -FAR, higher.last + 1, true), near(lower, higher.last + 1, FAR, false)]
      : lower.first < higher.first
        ? [near(lower, -FAR, higher.first, true), near(higher, higher.first, FAR, false)]
        : [near(higher, -FAR, lower.first, true), near(lower, lower.first, FAR, false)];
  const [older, newer] = seams;
  return !older || !newer || followsPlausibly(market.id, older, newer);
}
