import type { Candle } from "../../../core/candles.ts";
import { sliceCandles } from "../../../core/candles.ts";
import { candleSlot, fillSlot } from "../../../core/indicators/candle-slot.ts";
import { anchorIndexOf, anchorOf, isAnchored, readBars, tradingDayOf } from "../../../core/indicators/history.ts";
import { IndicatorMachine } from "../../../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../../../core/indicators/spec.ts";
import type { Interval } from "../../../core/interval.ts";
import type { IndicatorInterest } from "../../symbol-events/symbol-events.ts";
import type { IndicatorValue } from "../frames.ts";
import { type InstrumentContext, pagesOf } from "../instrument-context.ts";

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

/** How many bars back from the last a revision changes what was published. */
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

/** The outputs of a machine that a stream carries: none of those that look ahead. */
function outputValue({ definition }: IndicatorSpec, outputs: ArrayLike<number>): IndicatorValue {
  const { outputs: names, lookahead = [] } = definition;
  if (names.length === 1) return known(outputs[0]);
  const published = names.map((name, i) => [name, known(outputs[i])] as const);
  return Object.fromEntries(published.filter(([name]) => !lookahead.includes(name)));
}

/** The indicators that a client watches; their machines are in memory only, and started from history. */
export class IndicatorRunner {
  readonly #watched = new Map<string, IndicatorInterest>();
  readonly #working = new Map<string, RunningIndicator>();
  readonly #slot = candleSlot();

  /** Watches exactly these from now on; returns the intervals of those that are not at work yet. */
  watch(indicator: readonly IndicatorInterest[]): Interval[] {
    this.#watched.clear();
    for (const each of indicator) this.#watched.set(runnerKey(each), each);
    for (const key of this.#working.keys()) if (!this.#watched.has(key)) this.#working.delete(key);
    return [...this.#watched].flatMap(([key, { interval }]) => (this.#working.has(key) ? [] : [interval]));
  }

  /** Forgets what those of an interval have taken: they must be started again. */
  forget(interval: Interval): void {
    for (const [key, { indicator }] of this.#working) if (indicator.interval === interval) this.#working.delete(key);
  }

  /** Starts those of an interval that are not at work yet, so that `closed` is the last bar that they have taken. */
  async start(context: InstrumentContext, interval: Interval, closed: number): Promise<void> {
    for (const indicator of this.#of(interval))
      if (!this.#working.has(runnerKey(indicator))) await this.#renew(context, indicator, 1, closed);
  }

  /** Takes bars that have closed. Throws CandlesUnavailable where one must start again and cannot now. */
  async append(context: InstrumentContext, interval: Interval, bars: readonly Candle[]): Promise<ClosedValues[]> {
    const taken: ClosedValues[] = [];
    const last = bars.at(-1)?.time;
    if (last === undefined) return taken;
    const done = new Set<string>();
    // A client may begin to watch another one meanwhile.
    const next = () => this.#of(interval).find((indicator) => !done.has(runnerKey(indicator)));
    for (let indicator = next(); indicator; indicator = next()) {
      done.add(runnerKey(indicator));
      const work = this.#working.get(runnerKey(indicator));
      // One that has taken some of them before, when others could not, reports all of them again.
      const values = work && work.last < bars[0].time ? this.#follow(work, context, bars) : [];
      const rest =
        bars.length - (values.length === 0 ? 0 : bars.findIndex(({ time }) => time === values.at(-1)?.time) + 1);
      if (rest > 0) values.push(...(await this.#renew(context, indicator, rest, last)));
      taken.push({ indicator, values });
    }
    return taken;
  }

  /** The values that the bar that forms would close with. */
  peek(interval: Interval, forming: Candle): { wanted: IndicatorInterest; value: IndicatorValue }[] {
    return this.#of(interval).flatMap((indicator) => {
      const work = this.#working.get(runnerKey(indicator));
      if (!work || forming.time <= work.last) return [];
      return [{ wanted: indicator, value: outputValue(work.spec, work.machine.peek(fillSlot(this.#slot, forming))) }];
    });
  }

  /** Calculates again from a bar that was revised up to `closed`. */
  async revise(context: InstrumentContext, interval: Interval, from: number, closed: number): Promise<ClosedValues[]> {
    const taken: ClosedValues[] = [];
    for (const indicator of this.#of(interval)) {
      const values = await this.#renew(context, indicator, MAX_REVISED, closed);
      taken.push({ indicator, values: values.filter(({ time }) => time >= from) });
    }
    return taken;
  }

  /** The values of the last `points` bars up to `closed`. */
  async last(
    context: InstrumentContext,
    indicator: IndicatorInterest,
    points: number,
    closed: number,
  ): Promise<ClosedValue[]> {
    return (await this.#run(context, indicator, points, closed)).values;
  }

  #anchorFor(spec: IndicatorSpec, { market }: InstrumentContext, interval: Interval, time: number): number | null {
    return isAnchored(spec) ? anchorOf(market, interval, time) : null;
  }

  /** A machine that has taken all bars up to `closed`, as REST would, and what it said of the last `points`. */
  async #run(context: InstrumentContext, indicator: IndicatorInterest, points: number, closed: number) {
    const { interval } = indicator;
    const spec = parseSpec(indicator.spec);
    const query = { interval, points, from: null, to: closed + 1, includeOpen: false };
    const pages = pagesOf(context, interval);
    const { bars } = await readBars(pages, context.market, [spec], query, ALL_CLOSED);
    const columns = isAnchored(spec) ? sliceCandles(bars.columns, anchorIndexOf(bars)) : bars.columns;
    const machine = new IndicatorMachine(spec, { tradingDay: tradingDayOf(context.market, interval) });
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
    const work: RunningIndicator = {
      indicator,
      spec,
      machine,
      last,
      anchor: this.#anchorFor(spec, context, interval, last),
    };
    return { work, values };
  }

  #of(interval: Interval): IndicatorInterest[] {
    return [...this.#watched.values()].filter((indicator) => indicator.interval === interval);
  }

  async #renew(context: InstrumentContext, indicator: IndicatorInterest, points: number, closed: number) {
    const { work, values } = await this.#run(context, indicator, points, closed);
    if (this.#watched.has(runnerKey(indicator))) this.#working.set(runnerKey(indicator), work);
    return values;
  }

  /** The values at bars that follow those that a machine has taken; ends at one where it must start again. */
  #follow(work: RunningIndicator, context: InstrumentContext, bars: readonly Candle[]): ClosedValue[] {
    const { spec, machine, indicator } = work;
    const values: ClosedValue[] = [];
    for (const bar of bars) {
      if (bar.time <= work.last) continue;
      if (work.anchor !== this.#anchorFor(spec, context, indicator.interval, bar.time)) break;
      values.push({ time: bar.time, value: outputValue(spec, machine.next(fillSlot(this.#slot, bar))) });
      work.last = bar.time;
    }
    return values;
  }
}
