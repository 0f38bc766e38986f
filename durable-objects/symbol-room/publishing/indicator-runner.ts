import type { Candle } from "../../../core/candles.ts";
import { sliceCandles } from "../../../core/candles.ts";
import { candleSlot, fillSlot } from "../../../core/indicators/candle-slot.ts";
import { anchorIndexOf, anchorOf, isAnchored, readBars, tradingDayOf } from "../../../core/indicators/history.ts";
import { IndicatorMachine } from "../../../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../../../core/indicators/spec.ts";
import type { Interval } from "../../../core/interval.ts";
import type { IndicatorInterest } from "../../symbol-events/symbol-events.ts";
import type { IndicatorValue } from "../frames.ts";
import { type InstrumentContext, pagesOf, type ReadCandles } from "../instrument-context.ts";

/** The value of an indicator at a closed bar. */
export interface ClosedValue {
  time: number;
  value: IndicatorValue;
}

/** The values of one indicator at its last closed bars. */
export interface ClosedValues {
  indicator: IndicatorInterest;
  values: ClosedValue[];
}

/** The indicators that somebody watches; their machines are in memory only, and started from history. */
export interface IndicatorRunner {
  /** Watches exactly these from now on; gives the intervals of those that are not at work yet. */
  watch(wanted: readonly IndicatorInterest[]): Interval[];
  /** Forgets what those of an interval have taken: they must be started again. */
  forget(interval: Interval): void;
  /** Starts those of an interval that are not at work yet, so that `closed` is the last bar that they have taken. */
  start(subject: InstrumentContext, interval: Interval, closed: number): Promise<void>;
  /** Takes bars that have closed. Throws CandlesUnavailable where one must start anew and cannot now. */
  append(subject: InstrumentContext, interval: Interval, bars: readonly Candle[]): Promise<ClosedValues[]>;
  /** The values that the bar that forms would close with. */
  peek(interval: Interval, forming: Candle): { wanted: IndicatorInterest; value: IndicatorValue }[];
  /** Calculates anew from a bar that was revised up to `closed`. */
  revise(subject: InstrumentContext, interval: Interval, from: number, closed: number): Promise<ClosedValues[]>;
  /** The values of the last `points` bars up to `closed`. */
  last(subject: InstrumentContext, wanted: IndicatorInterest, points: number, closed: number): Promise<ClosedValue[]>;
}

/** Bars back from the last to which a revision changes what was told. */
const MAX_REVISED = 100;
/** Bars are read up to the last closed one, so that none of them can be forming. */
const ALL_CLOSED = Number.POSITIVE_INFINITY;

interface RunningIndicator {
  indicator: IndicatorInterest;
  spec: IndicatorSpec;
  machine: IndicatorMachine;
  /** The last bar that it has taken. */
  last: number;
  /** Where its running total began by the calendar; null where it is none. */
  anchor: number | null;
}

const runnerKey = ({ interval, spec }: IndicatorInterest): string => `${interval} ${spec}`;
const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** What a stream tells of a machine's outputs: none of those that look ahead. */
function outputValue({ definition }: IndicatorSpec, outputs: ArrayLike<number>): IndicatorValue {
  const { outputs: names, lookahead = [] } = definition;
  if (names.length === 1) return known(outputs[0]);
  const told = names.map((name, i) => [name, known(outputs[i])] as const);
  return Object.fromEntries(told.filter(([name]) => !lookahead.includes(name)));
}

/** Opens a room's live indicators. */
export function openIndicatorRunner(readCandles: ReadCandles): IndicatorRunner {
  const watched = new Map<string, IndicatorInterest>();
  const working = new Map<string, RunningIndicator>();
  const slot = candleSlot();

  const anchorFor = (
    spec: IndicatorSpec,
    { market }: InstrumentContext,
    interval: Interval,
    time: number,
  ): number | null => (isAnchored(spec) ? anchorOf(market, interval, time) : null);

  /** A machine that has taken all bars up to `closed`, as REST would, and what it said of the last `points`. */
  const run = async (subject: InstrumentContext, indicator: IndicatorInterest, points: number, closed: number) => {
    const { interval } = indicator;
    const spec = parseSpec(indicator.spec);
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
      value: outputValue(
        spec,
        outputs.map((column) => column[first + i]),
      ),
    }));
    const last = columns.length > 0 ? columns.time[columns.length - 1] : closed;
    const work: RunningIndicator = { indicator, spec, machine, last, anchor: anchorFor(spec, subject, interval, last) };
    return { work, values };
  };

  const of = (interval: Interval): IndicatorInterest[] =>
    [...watched.values()].filter((wanted) => wanted.interval === interval);

  const renew = async (subject: InstrumentContext, wanted: IndicatorInterest, points: number, closed: number) => {
    const { work, values } = await run(subject, wanted, points, closed);
    if (watched.has(runnerKey(wanted))) working.set(runnerKey(wanted), work);
    return values;
  };

  /** The values at bars that follow those that a machine has taken; ends at one where it must start anew. */
  const follow = (work: RunningIndicator, subject: InstrumentContext, bars: readonly Candle[]): ClosedValue[] => {
    const { spec, machine, indicator } = work;
    const values: ClosedValue[] = [];
    for (const bar of bars) {
      if (bar.time <= work.last) continue;
      if (work.anchor !== anchorFor(spec, subject, indicator.interval, bar.time)) break;
      values.push({ time: bar.time, value: outputValue(spec, machine.next(fillSlot(slot, bar))) });
      work.last = bar.time;
    }
    return values;
  };

  return {
    watch(wanted) {
      watched.clear();
      for (const each of wanted) watched.set(runnerKey(each), each);
      for (const key of working.keys()) if (!watched.has(key)) working.delete(key);
      return [...watched].flatMap(([key, { interval }]) => (working.has(key) ? [] : [interval]));
    },
    forget(interval) {
      for (const [key, { indicator }] of working) if (indicator.interval === interval) working.delete(key);
    },
    async start(subject, interval, closed) {
      for (const wanted of of(interval)) if (!working.has(runnerKey(wanted))) await renew(subject, wanted, 1, closed);
    },
    async append(subject, interval, bars) {
      const taken: ClosedValues[] = [];
      const last = bars.at(-1)?.time;
      if (last === undefined) return taken;
      const done = new Set<string>();
      // Somebody may begin to watch another one meanwhile.
      const next = () => of(interval).find((wanted) => !done.has(runnerKey(wanted)));
      for (let indicator = next(); indicator; indicator = next()) {
        done.add(runnerKey(indicator));
        const work = working.get(runnerKey(indicator));
        // One that has taken some of them before, when others could not, tells of all of them again.
        const values = work && work.last < bars[0].time ? follow(work, subject, bars) : [];
        const rest =
          bars.length - (values.length === 0 ? 0 : bars.findIndex(({ time }) => time === values.at(-1)?.time) + 1);
        if (rest > 0) values.push(...(await renew(subject, indicator, rest, last)));
        taken.push({ indicator, values });
      }
      return taken;
    },
    peek(interval, forming) {
      return of(interval).flatMap((wanted) => {
        const work = working.get(runnerKey(wanted));
        if (!work || forming.time <= work.last) return [];
        return [{ wanted, value: outputValue(work.spec, work.machine.peek(fillSlot(slot, forming))) }];
      });
    },
    async revise(subject, interval, from, closed) {
      const taken: ClosedValues[] = [];
      for (const indicator of of(interval)) {
        const values = await renew(subject, indicator, MAX_REVISED, closed);
        taken.push({ indicator, values: values.filter(({ time }) => time >= from) });
      }
      return taken;
    },
    last: async (subject, wanted, points, closed) => (await run(subject, wanted, points, closed)).values,
  };
}
