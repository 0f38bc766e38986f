import type { Candle } from "../../core/candles.ts";
import { sliceCandles } from "../../core/candles.ts";
import { candleSlot, fillSlot } from "../../core/indicators/candle-slot.ts";
import { IndicatorMachine } from "../../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../../core/indicators/spec.ts";
import type { Interval } from "../../core/interval.ts";
import type { WantedIndicator } from "../audience/feed.ts";
import { anchorIndexOf, anchorOf, isAnchored, readBars, tradingDayOf } from "./bar-history.ts";
import type { IndicatorValue } from "./frames.ts";
import { pagesOf, type ReadCandles, type Subject } from "./subject.ts";

/** The value of an indicator at a closed bar. */
export interface ClosedValue {
  time: number;
  value: IndicatorValue;
}

/** The values of one indicator at its last closed bars. */
export interface ClosedValues {
  wanted: WantedIndicator;
  values: ClosedValue[];
}

/** The indicators that somebody watches; their machines are in memory only, and started from history. */
export interface LiveIndicators {
  /** Watches exactly these from now on; gives the intervals of those that are not at work yet. */
  keep(wanted: readonly WantedIndicator[]): Interval[];
  /** Forgets what those of an interval have taken: they must be started again. */
  forget(interval: Interval): void;
  /** Starts those of an interval that are not at work yet, so that `closed` is the last bar that they have taken. */
  start(subject: Subject, interval: Interval, closed: number): Promise<void>;
  /** Takes bars that have closed. Throws CandlesUnavailable where one must start anew and cannot now. */
  take(subject: Subject, interval: Interval, bars: readonly Candle[]): Promise<ClosedValues[]>;
  /** The values that the bar that forms would close with. */
  peek(interval: Interval, forming: Candle): { wanted: WantedIndicator; value: IndicatorValue }[];
  /** Calculates anew from a bar that was revised up to `closed`. */
  revise(subject: Subject, interval: Interval, from: number, closed: number): Promise<ClosedValues[]>;
  /** The values of the last `points` bars up to `closed`. */
  last(subject: Subject, wanted: WantedIndicator, points: number, closed: number): Promise<ClosedValue[]>;
}

/** Bars back from the last to which a revision changes what was told. */
const MOST_REVISED = 100;
/** Bars are read up to the last closed one, so that none of them can be forming. */
const ALL_CLOSED = Number.POSITIVE_INFINITY;

interface AtWork {
  wanted: WantedIndicator;
  spec: IndicatorSpec;
  machine: IndicatorMachine;
  /** The last bar that it has taken. */
  last: number;
  /** Where its running total began by the calendar; null where it is none. */
  anchor: number | null;
}

const keyOf = ({ interval, spec }: WantedIndicator): string => `${interval} ${spec}`;
const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** What a stream tells of a machine's outputs: none of those that look ahead. */
function toldValue({ definition }: IndicatorSpec, outputs: ArrayLike<number>): IndicatorValue {
  const { outputs: names, lookahead = [] } = definition;
  if (names.length === 1) return known(outputs[0]);
  const told = names.map((name, i) => [name, known(outputs[i])] as const);
  return Object.fromEntries(told.filter(([name]) => !lookahead.includes(name)));
}

/** Opens a room's live indicators. */
export function openLiveIndicators(readCandles: ReadCandles): LiveIndicators {
  const watched = new Map<string, WantedIndicator>();
  const working = new Map<string, AtWork>();
  const slot = candleSlot();

  const anchorFor = (spec: IndicatorSpec, { market }: Subject, interval: Interval, time: number): number | null =>
    isAnchored(spec) ? anchorOf(market, interval, time) : null;

  /** A machine that has taken all bars up to `closed`, as REST would, and what it said of the last `points`. */
  const run = async (subject: Subject, wanted: WantedIndicator, points: number, closed: number) => {
    const { interval } = wanted;
    const spec = parseSpec(wanted.spec);
    const query = { interval, points, from: null, to: closed + 1, includeOpen: false };
    const pages = pagesOf(readCandles, subject, interval);
    const { bars } = await readBars(pages, subject.market, [spec], query, ALL_CLOSED);
    const columns = isAnchored(spec) ? sliceCandles(bars.columns, anchorIndexOf(bars)) : bars.columns;
    const machine = new IndicatorMachine(spec, { tradingDay: tradingDayOf(subject.market, interval) });
    const outputs = spec.definition.outputs.map(() => new Float64Array(columns.length));
    machine.run(columns, outputs);
    const first = Math.max(0, columns.length - points);
    const values = Array.from(columns.time.subarray(first), (time, i) => ({
      time,
      value: toldValue(
        spec,
        outputs.map((column) => column[first + i]),
      ),
    }));
    const last = columns.length > 0 ? columns.time[columns.length - 1] : closed;
    const work: AtWork = { wanted, spec, machine, last, anchor: anchorFor(spec, subject, interval, last) };
    return { work, values };
  };

  const of = (interval: Interval): WantedIndicator[] =>
    [...watched.values()].filter((wanted) => wanted.interval === interval);

  const renew = async (subject: Subject, wanted: WantedIndicator, points: number, closed: number) => {
    const { work, values } = await run(subject, wanted, points, closed);
    if (watched.has(keyOf(wanted))) working.set(keyOf(wanted), work);
    return values;
  };

  /** The values at bars that follow those that a machine has taken; ends at one where it must start anew. */
  const follow = (work: AtWork, subject: Subject, bars: readonly Candle[]): ClosedValue[] => {
    const { spec, machine, wanted } = work;
    const values: ClosedValue[] = [];
    for (const bar of bars) {
      if (bar.time <= work.last) continue;
      if (work.anchor !== anchorFor(spec, subject, wanted.interval, bar.time)) break;
      values.push({ time: bar.time, value: toldValue(spec, machine.next(fillSlot(slot, bar))) });
      work.last = bar.time;
    }
    return values;
  };

  return {
    keep(wanted) {
      watched.clear();
      for (const each of wanted) watched.set(keyOf(each), each);
      for (const key of working.keys()) if (!watched.has(key)) working.delete(key);
      return [...watched].flatMap(([key, { interval }]) => (working.has(key) ? [] : [interval]));
    },
    forget(interval) {
      for (const [key, { wanted }] of working) if (wanted.interval === interval) working.delete(key);
    },
    async start(subject, interval, closed) {
      for (const wanted of of(interval)) if (!working.has(keyOf(wanted))) await renew(subject, wanted, 1, closed);
    },
    async take(subject, interval, bars) {
      const taken: ClosedValues[] = [];
      const last = bars.at(-1)?.time;
      if (last === undefined) return taken;
      const done = new Set<string>();
      // Somebody may begin to watch another one meanwhile.
      const next = () => of(interval).find((wanted) => !done.has(keyOf(wanted)));
      for (let wanted = next(); wanted; wanted = next()) {
        done.add(keyOf(wanted));
        const work = working.get(keyOf(wanted));
        // One that has taken some of them before, when others could not, tells of all of them again.
        const values = work && work.last < bars[0].time ? follow(work, subject, bars) : [];
        const rest =
          bars.length - (values.length === 0 ? 0 : bars.findIndex(({ time }) => time === values.at(-1)?.time) + 1);
        if (rest > 0) values.push(...(await renew(subject, wanted, rest, last)));
        taken.push({ wanted, values });
      }
      return taken;
    },
    peek(interval, forming) {
      return of(interval).flatMap((wanted) => {
        const work = working.get(keyOf(wanted));
        if (!work || forming.time <= work.last) return [];
        return [{ wanted, value: toldValue(work.spec, work.machine.peek(fillSlot(slot, forming))) }];
      });
    },
    async revise(subject, interval, from, closed) {
      const taken: ClosedValues[] = [];
      for (const wanted of of(interval)) {
        const values = await renew(subject, wanted, MOST_REVISED, closed);
        taken.push({ wanted, values: values.filter(({ time }) => time >= from) });
      }
      return taken;
    },
    last: async (subject, wanted, points, closed) => (await run(subject, wanted, points, closed)).values,
  };
}
