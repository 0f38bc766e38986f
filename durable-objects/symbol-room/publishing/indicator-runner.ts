import type { ProviderName } from "../../../contracts/provider.ts";
import { type Candle, sliceCandles } from "../../../core/candles.ts";
import { candleSlot, fillSlot } from "../../../core/indicators/candle-slot.ts";
import { anchorIndexOf, anchorOf, type Bars, isAnchored, tradingDayOf } from "../../../core/indicators/history.ts";
import { IndicatorMachine } from "../../../core/indicators/machine.ts";
import { type IndicatorSpec, parseSpec } from "../../../core/indicators/spec.ts";
import type { Interval } from "../../../core/interval.ts";
import { MemoryCache } from "../../../storage/memory-cache.ts";
import { newStepPacer } from "../../isolate/long-work.ts";
import type { IndicatorInterest } from "../../symbol-events/symbol-events.ts";
import type { IndicatorValue } from "../frames.ts";
import { type InstrumentContext, pagesOf, type SourcedCandle, sourcedCandleAt } from "../instrument-context.ts";
import { SharedBars } from "./shared-bars.ts";

/** The value of an indicator at a closed bar. */
export interface ClosedValue {
  time: number;
  value: IndicatorValue;
  /** The provider of the bar. */
  provider: ProviderName;
}

/** The values of one indicator at its last closed bars. */
export interface ClosedValues {
  indicator: IndicatorInterest;
  values: ClosedValue[];
}

/** How many bars back from the last a revision changes what was published. */
const MAX_REVISED = 100;
/** Indicators that no client watches any more are kept for this long (milliseconds), and no more than that many. */
const IDLE_MS = 600_000;
const MAX_IDLE = 20;
/** Bars that an idle indicator may be behind by to be taken up again. */
const MAX_BEHIND = 1_000;
/** Bars that a machine takes at a time. */
const BLOCK = 2_000;

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

/**
 * The indicators that a client watches; their machines are in memory only, and started from history. Those that are no longer watched
 * are kept for a while, so that a client that comes and goes does not have its history read each time.
 */
export class IndicatorRunner {
  readonly #watched = new Map<string, IndicatorInterest>();
  readonly #working = new Map<string, RunningIndicator>();
  readonly #idle = new MemoryCache<RunningIndicator>(IDLE_MS, MAX_IDLE);
  readonly #bars = new SharedBars();
  readonly #pacer = newStepPacer();
  readonly #slot = candleSlot();

  /** Watches exactly these from now on; returns the intervals of those that are not at work yet. */
  watch(indicator: readonly IndicatorInterest[]): Interval[] {
    this.#watched.clear();
    for (const each of indicator) this.#watched.set(runnerKey(each), each);
    for (const [key, work] of this.#working) {
      if (this.#watched.has(key)) continue;
      this.#working.delete(key);
      this.#idle.set(key, work);
    }
    return [...this.#watched].flatMap(([key, { interval }]) => (this.#working.has(key) ? [] : [interval]));
  }

  /** Forgets what those of an interval have taken: they must be started again. */
  forget(interval: Interval): void {
    for (const [key, { indicator }] of this.#working) if (indicator.interval === interval) this.#working.delete(key);
    this.forgetKept();
  }

  /** Forgets what is kept of indicators that no client watches, and of bars: bars were changed. */
  forgetKept(): void {
    this.#idle.clear();
    this.#bars.clear();
  }

  /** Starts those of an interval that are not at work yet, so that `closed` is the last bar that they have taken. */
  async start(context: InstrumentContext, interval: Interval, closed: number): Promise<void> {
    const isNew = (indicator: IndicatorInterest): boolean => !this.#working.has(runnerKey(indicator));
    for (const indicator of this.#of(interval).filter(isNew)) await this.#takeUp(context, indicator, closed);
    await this.#renew(context, this.#of(interval).filter(isNew), 1, closed);
  }

  /** Takes bars that have closed. Throws CandlesUnavailable where one must start again and cannot now. */
  async append(
    context: InstrumentContext,
    interval: Interval,
    bars: readonly SourcedCandle[],
  ): Promise<ClosedValues[]> {
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
      if (rest > 0)
        values.push(...(await this.#renew(context, [indicator], rest, last)).flatMap((each) => each.values));
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
    const taken = await this.#renew(context, this.#of(interval), MAX_REVISED, closed);
    return taken.map(({ indicator, values }) => ({ indicator, values: values.filter(({ time }) => time >= from) }));
  }

  /** The values of each of several indicators of one interval at the last `points` bars up to `closed`. */
  async last(
    context: InstrumentContext,
    interval: Interval,
    specs: readonly string[],
    points: number,
    closed: number,
  ): Promise<ClosedValues[]> {
    const indicators = specs.map((spec) => ({ interval, spec }));
    return (await this.#run(context, indicators, points, closed)).map(({ work, values }) => ({
      indicator: work.indicator,
      values,
    }));
  }

  #anchorFor(spec: IndicatorSpec, { market }: InstrumentContext, interval: Interval, time: number): number | null {
    return isAnchored(spec) ? anchorOf(market, interval, time) : null;
  }

  /**
   * Machines of indicators of one interval that have taken all bars up to `closed`, as REST would, and what each said of the last
   * `points`. Quotes pass in between.
   */
  async #run(
    context: InstrumentContext,
    indicators: readonly IndicatorInterest[],
    points: number,
    closed: number,
  ): Promise<{ work: RunningIndicator; values: ClosedValue[] }[]> {
    const [first] = indicators;
    if (!first) return [];
    const specs = indicators.map(({ spec }) => parseSpec(spec));
    const bars = await this.#bars.read(context, first.interval, specs, points, closed);
    const done: { work: RunningIndicator; values: ClosedValue[] }[] = [];
    for (const [i, indicator] of indicators.entries())
      done.push(await this.#runOne(context, indicator, specs[i], bars, points, closed));
    return done;
  }

  async #runOne(
    context: InstrumentContext,
    indicator: IndicatorInterest,
    spec: IndicatorSpec,
    bars: Bars,
    points: number,
    closed: number,
  ): Promise<{ work: RunningIndicator; values: ClosedValue[] }> {
    const { interval } = indicator;
    const columns = isAnchored(spec) ? sliceCandles(bars.columns, anchorIndexOf(bars)) : bars.columns;
    const machine = new IndicatorMachine(spec, { tradingDay: tradingDayOf(context.market, interval) });
    const first = Math.max(0, columns.length - points);
    const outputs = spec.definition.outputs.map(() => new Float64Array(columns.length - first));
    const scratch = spec.definition.outputs.map(() => new Float64Array(Math.min(BLOCK, first)));
    for (let start = 0; start < columns.length; ) {
      const end = Math.min(columns.length, start + BLOCK, start < first ? first : columns.length);
      const [into, offset] = start < first ? [scratch, start] : [outputs, first];
      const block = sliceCandles(columns, start, end);
      machine.run(
        block,
        into.map((column) => column.subarray(start - offset, end - offset)),
      );
      start = end;
      await this.#pacer.count(block.length);
    }
    const values = Array.from(columns.time.subarray(first), (time, i) => ({
      time,
      value: outputValue(
        spec,
        outputs.map((column) => column[i]),
      ),
      provider: context.source.originOf(columns.origin[first + i]).provider,
    }));
    const last = columns.length > 0 ? columns.time[columns.length - 1] : closed;
    const anchor = this.#anchorFor(spec, context, interval, last);
    return { work: { indicator, spec, machine, last, anchor }, values };
  }

  /** The indicators of an interval that are watched. */
  watched(interval: Interval): IndicatorInterest[] {
    return this.#of(interval);
  }

  #of(interval: Interval): IndicatorInterest[] {
    return [...this.#watched.values()].filter((indicator) => indicator.interval === interval);
  }

  /** Starts indicators of one interval from history; returns what each said of the last `points` bars up to `closed`. */
  async #renew(
    context: InstrumentContext,
    indicators: readonly IndicatorInterest[],
    points: number,
    closed: number,
  ): Promise<ClosedValues[]> {
    const done = await this.#run(context, indicators, points, closed);
    return done.map(({ work, values }) => {
      this.#putToWork(work);
      return { indicator: work.indicator, values };
    });
  }

  /** Puts a machine to work where its indicator is watched, and none that has taken later bars was started meanwhile. */
  #putToWork(work: RunningIndicator): void {
    const key = runnerKey(work.indicator);
    const current = this.#working.get(key);
    if (this.#watched.has(key) && (!current || current.last <= work.last)) this.#working.set(key, work);
  }

  /** Takes an idle indicator up again where it can be brought up to `closed`. */
  async #takeUp(context: InstrumentContext, indicator: IndicatorInterest, closed: number): Promise<void> {
    const work = this.#idle.get(runnerKey(indicator));
    if (!work || work.last > closed) return;
    this.#idle.delete(runnerKey(indicator));
    if (work.last < closed) {
      const page = await pagesOf(context, indicator.interval)(work.last + 1, closed + 1, MAX_BEHIND, false);
      const bars = Array.from({ length: page.candles.length }, (_, i) => sourcedCandleAt(context, page.candles, i));
      if (page.more || this.#follow(work, context, bars).length < bars.length) return;
    }
    this.#putToWork(work);
  }

  /** The values at bars that follow those that a machine has taken; ends at one where it must start again. */
  #follow(work: RunningIndicator, context: InstrumentContext, bars: readonly SourcedCandle[]): ClosedValue[] {
    const { spec, machine, indicator } = work;
    const values: ClosedValue[] = [];
    for (const bar of bars) {
      if (bar.time <= work.last) continue;
      if (work.anchor !== this.#anchorFor(spec, context, indicator.interval, bar.time)) break;
      const value = outputValue(spec, machine.next(fillSlot(this.#slot, bar)));
      values.push({ time: bar.time, value, provider: bar.provider });
      work.last = bar.time;
    }
    return values;
  }
}
