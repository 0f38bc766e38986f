import { bucketStamped } from "../buckets.ts";
import { type CandleColumns, emptyCandles, firstAtOrAfter, joinCandles, sliceCandles } from "../candles.ts";
import { INTRADAY_SECONDS, type Interval, isDated } from "../interval.ts";
import type { Market } from "../market-calendar/markets.ts";
import { sessionOf } from "../market-calendar/sessions.ts";
import { DAY, HOUR, MINUTE, startOfDay, startOfMonth, startOfWeek } from "../time.ts";
import type { TradingDay } from "./indicator.ts";
import type { IndicatorSpec } from "./spec.ts";

/** The most bars that one answer holds. */
export const MAX_POINTS = 5000;
/** History that is read before the first bar whatever is asked. */
const MIN_WARM_UP = 300;
/** History that is read at most: what Wilder's average over a thousand bars needs to forget its start. */
const MAX_WARM_UP = 40_000;
/** What may be read beyond that for what runs since a point in time: the minutes of a month and a day. */
const MAX_SINCE = 32 * (DAY / MINUTE);

/** Which bars are asked for. */
export interface BarsQuery {
  interval: Interval;
  points: number;
  /** Unix seconds; null for the last bars. */
  from: number | null;
  to: number | null;
  includeOpen: boolean;
}

/** How many bars are asked for, and of when. */
export type BarsRange = Omit<BarsQuery, "includeOpen">;

/** What is calculated over. */
export interface Bars {
  /** History, then the bars that are answered. */
  columns: CandleColumns;
  /** The index of the first bar that is answered. */
  first: number;
  /** Whether no older bars exist than those in `columns`. */
  fromTheBeginning: boolean;
  /** Where running totals begin, unix seconds; null for the first bar. */
  anchor: number | null;
  tradingDay?: TradingDay;
}

/** What a page of candles must say. */
export interface HistoryPage {
  candles: CandleColumns;
  more: boolean;
  facts: { provider: string | null };
}

/** Bars with their history, the page that holds the ones that are answered, and whether the last of those is still forming. */
export interface ReadBars<Page extends HistoryPage> {
  bars: Bars;
  page: Page;
  forming: boolean;
}

/** Reads a page of one series, its doubted candles left out. */
export type ReadPage<Page extends HistoryPage> = (
  from: number,
  to: number,
  limit: number,
  backward: boolean,
) => Promise<Page>;

const MIN_TIME = -8.64e12;

/** Reads the bars that are asked for and enough history before them for every spec. */
export async function readBars<Page extends HistoryPage>(
  read: ReadPage<Page>,
  market: Market,
  specs: readonly IndicatorSpec[],
  query: BarsQuery,
  now: number,
): Promise<ReadBars<Page>> {
  const { interval } = query;
  const requested = await readRequested(query, market, now, read);
  const { columns, forming } = requested;
  if (columns.length === 0) {
    const bars = { columns, first: 0, fromTheBeginning: true, anchor: null };
    return { bars, page: requested.page, forming };
  }
  const start = columns.time[0];
  const history = await read(MIN_TIME, start, historyNeeded(specs), true);
  const last = query.from === null ? columns.time[columns.length - 1] : start;
  const calendarAnchor = anchorOf(market, interval, last);
  const since = Math.min(...specs.map((spec) => sinceOf(spec, market, interval, start, calendarAnchor)));
  let before = history.candles;
  let more = history.more;
  const pages = [requested.page, history];
  if (more && before.length > 0 && since < before.time[0]) {
    const older = await read(since, before.time[0], MAX_SINCE, true);
    before = joinCandles(older.candles, before);
    pages.push(older);
    more = older.more || since > MIN_TIME;
  }
  // An imported series is anchored at its own first bar where it can be read whole; it may have any gaps.
  const isImported = pages.every(isOfImports);
  const readable = MAX_WARM_UP - (query.from === null ? columns.length : 0);
  if (isImported && more && before.length > 0 && before.length < readable && specs.some(isAnchored)) {
    const older = await read(MIN_TIME, before.time[0], readable - before.length, true);
    before = joinCandles(older.candles, before);
    pages.push(older);
    more = older.more;
  }
  const anchor = pages.every(isOfImports) && !more && before.length <= readable ? null : calendarAnchor;
  return {
    bars: {
      columns: joinCandles(before, columns),
      first: before.length,
      fromTheBeginning: !more,
      anchor,
      tradingDay: tradingDayOf(market, interval),
    },
    page: requested.page,
    forming,
  };
}

/** Whether all of a page's candles are imported. */
const isOfImports = ({ candles, facts }: HistoryPage): boolean => candles.length === 0 || facts.provider === "import";

/** The bars that are answered, without their history. */
async function readRequested<Page extends HistoryPage>(
  query: BarsQuery,
  market: Market,
  now: number,
  read: ReadPage<Page>,
): Promise<{ page: Page; columns: CandleColumns; forming: boolean }> {
  const to = query.to ?? Math.floor(now) + 1;
  const backward = query.from === null;
  // One bar more, in case the last is still forming and not wanted.
  const page = await read(query.from ?? MIN_TIME, to, query.points + (backward ? 1 : 0), backward);
  const { candles } = page;
  const last = candles.length - 1;
  const forming = last >= 0 && (bucketStamped(market, query.interval, candles.time[last])?.closes ?? 0) > now;
  const closed = forming && !query.includeOpen ? sliceCandles(candles, 0, last) : candles;
  const columns = backward ? sliceCandles(closed, Math.max(0, closed.length - query.points)) : closed;
  return { page, columns: columns.length > 0 ? columns : emptyCandles(0), forming: forming && query.includeOpen };
}

/** Series are taken to begin no earlier where it is said how many bars a calculation needs (unix seconds): 1970, of crypto 2009. */
const FIRST_BAR = 0;
const FIRST_BAR_OF_CRYPTO = Date.UTC(2009, 0, 3) / 1000;

/** The most days from the beginning of what runs to the first bar that is answered: a day more than the period has. */
const RUNNING_DAYS = { session: 2, week: 8, month: 32 } as const;

/**
 * How many bars of one symbol a calculation reads at most: those that are answered, the history before them, and what runs since a
 * point in time. It depends on what is asked alone, whatever gaps a series has; longer runs are counted whole, so that a price is the
 * same on every day of a month. More may be read of a series that is older than 1970 or has bars outside of its market's sessions,
 * and up to 40,000 before those that are answered of one that was imported, for its running totals begin with it.
 * @param now unix seconds
 */
export function barsNeeded(
  specs: readonly IndicatorSpec[],
  market: Market,
  { interval, points, from, to }: BarsRange,
  now: number,
): number {
  const isLast = from === null;
  const requested = isLast ? points + 1 : points;
  const least = requested + historyNeeded(specs);
  const needs = specs.map(({ definition, numbers, choices }) => {
    const convergence = definition.convergence(numbers, choices);
    if (!("since" in convergence)) return 0;
    if (convergence.since !== "first")
      return requested + bucketsWithin(market, interval, RUNNING_DAYS[convergence.since]);
    // Counted up to the last bar, which is among those that are answered unless these begin at a time.
    const run = bucketsWithin(market, interval, anchoredDays(market, interval, from ?? to ?? now));
    return isLast ? run : requested + run;
  });
  return Math.min(Math.max(least, ...needs), least + MAX_SINCE);
}

/** The most days from the anchor of running totals to the last bar (unix seconds), or to the first where bars are counted from there. */
function anchoredDays(market: Market, interval: Interval, last: number): number {
  const seconds = INTRADAY_SECONDS[interval];
  if (seconds === null) return Math.max(0, last - (market.id === "CRYPTO" ? FIRST_BAR_OF_CRYPTO : FIRST_BAR)) / DAY;
  const roundedBy = seconds <= MINUTE ? 1 : seconds <= 5 * MINUTE ? 7 : seconds <= HOUR ? 31 : 366;
  return calendarSeconds(market, MAX_POINTS * seconds) / DAY + roundedBy;
}

/** How many bars a market's sessions have in that many days at most, wherever these begin. */
function bucketsWithin(market: Market, interval: Interval, days: number): number {
  if (interval === "1w") return Math.ceil(days / 7) + 1;
  if (interval === "1M") return Math.ceil(days / 30) + 2;
  const weeks = Math.floor(days / 7);
  const sessions = market.tradingDays.length * weeks + Math.min(Math.ceil(days - 7 * weeks), market.tradingDays.length);
  const seconds = INTRADAY_SECONDS[interval];
  if (seconds === null) return sessions + 1;
  // A session during which clocks are set back is an hour longer.
  return sessions * Math.ceil((market.close - market.open) / seconds) + Math.ceil(HOUR / seconds) + 1;
}

/** Whether a spec is a running total since its series' anchor. */
export function isAnchored(spec: IndicatorSpec): boolean {
  const convergence = spec.definition.convergence(spec.numbers, spec.choices);
  return "since" in convergence && convergence.since === "first";
}

/** The index of the bar at which running totals begin. */
export function anchorIndexOf({ columns, first, anchor }: Bars): number {
  return anchor === null ? 0 : Math.min(firstAtOrAfter(columns, anchor), first);
}

/** What distinguishes the history that specs need: equal texts need the same bars. */
export function historyKey(specs: readonly IndicatorSpec[]): string {
  const anchors = specs.flatMap(({ definition, numbers, choices }) => {
    const convergence = definition.convergence(numbers, choices);
    return "since" in convergence ? [convergence.since] : [];
  });
  return [historyNeeded(specs), ...new Set(anchors.sort())].join(" ");
}

/** Bars before the first that is answered which let every value converge. */
function historyNeeded(specs: readonly IndicatorSpec[]): number {
  return Math.min(Math.max(MIN_WARM_UP, ...specs.map(candlesNeeded)), MAX_WARM_UP);
}

function candlesNeeded(spec: IndicatorSpec): number {
  const convergence = spec.definition.convergence(spec.numbers, spec.choices);
  return "candles" in convergence ? convergence.candles : 0;
}

/** From when on bars are needed by what runs since a point in time. */
function sinceOf(
  spec: IndicatorSpec,
  market: Market,
  interval: Interval,
  start: number,
  anchor: number | null,
): number {
  const convergence = spec.definition.convergence(spec.numbers, spec.choices);
  if (!("since" in convergence)) return Number.POSITIVE_INFINITY;
  const date = tradingDayOf(market, interval)(start) * DAY;
  switch (convergence.since) {
    case "first":
      return anchor ?? MIN_TIME;
    case "session":
      return date - DAY;
    case "week":
      return startOfWeek(date) - DAY;
    case "month":
      return startOfMonth(date) - DAY;
  }
}

/** Calendar time that holds a given time of trading, with a tenth more for holidays. */
function calendarSeconds(market: Market, trading: number): number {
  const openPerWeek = (market.close - market.open) * market.tradingDays.length;
  return trading * ((7 * DAY) / openPerWeek) * 1.1;
}

/**
 * Where running totals (OBV, ADL) begin: the series' first bar for daily and longer bars. Intraday series are too long for
 * that, so they begin at a round date further back than the most bars that can be asked for: the same for every `data_points`.
 * @param last stamp of the last bar, or of the first where bars are counted from there
 * @returns unix seconds, null for the series' first bar
 */
export function anchorOf(market: Market, interval: Interval, last: number): number | null {
  const seconds = INTRADAY_SECONDS[interval];
  if (seconds === null) return null;
  const reach = last - calendarSeconds(market, MAX_POINTS * seconds);
  if (seconds <= MINUTE) return startOfDay(reach);
  if (seconds <= 5 * MINUTE) return startOfWeek(reach);
  if (seconds <= HOUR) return startOfMonth(reach);
  return Date.UTC(new Date(reach * 1000).getUTCFullYear(), 0, 1) / 1000;
}

/** The trading date of a bar, counted in days; of crypto the UTC day. */
export function tradingDayOf(market: Market, interval: Interval): TradingDay {
  if (isDated(interval)) return (time) => Math.floor(time / DAY);
  let date = Number.NaN;
  let opens = 0;
  let closes = 0;
  return (time) => {
    if (time >= opens && time < closes) return date;
    const session = sessionOf(market, time);
    if (!session) return Math.floor(time / DAY);
    date = session.date / DAY;
    opens = session.anchor;
    closes = session.close;
    return date;
  };
}
