import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type CandleAnswer, CandlesAnswerSchema } from "../../contracts/candle.ts";
import { IndicatorsAnswerSchema } from "../../contracts/indicator.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { candlesFrom } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import type { FrameEvent, IndicatorInterest, Interest } from "../../durable-objects/symbol-events/symbol-events.ts";
import type { CandlesPage } from "../../durable-objects/symbol-room/candles/reading/candle-pages.ts";
import { contextOf } from "../../durable-objects/symbol-room/instrument-context.ts";
import { BarOutbox } from "../../durable-objects/symbol-room/publishing/bar-outbox.ts";
import { BarPublisher } from "../../durable-objects/symbol-room/publishing/bar-publisher.ts";
import { ClosedBarCursor } from "../../durable-objects/symbol-room/publishing/closed-bars.ts";
import { FormingBars } from "../../durable-objects/symbol-room/publishing/forming-bars.ts";
import { IndicatorRunner } from "../../durable-objects/symbol-room/publishing/indicator-runner.ts";
import { SimulatedSource } from "../../durable-objects/symbol-room/sources/simulated-source.ts";
import { simulatedQuote } from "../../providers/simulator/simulator.ts";
import { type Answer, bodyOf, call, columnsOf } from "../workers/indicator-engine/engine-client.ts";
import {
  advanceTo,
  alarmOf,
  createFakeHub,
  evict,
  frameOf,
  NO_INTEREST,
  QUOTES_INTEREST,
  roomOf,
  setClock,
  simulated,
  TEST_TIME,
} from "./live-room.ts";
import { calmHistory, connectUpstream, goLive, liveInstrument } from "./live-upstream.ts";

beforeEach(() => {
  setClock(TEST_TIME);
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const MINUTE = 60;
const BARS: Interest = { ...NO_INTEREST, candles: ["1m"] };
const FRESH = { headers: { "Cache-Control": "no-cache" } };

/** The candles of an interval that were pushed, in order. */
function candlesOf(events: readonly FrameEvent[], interval: Interval): CandleAnswer[] {
  const frames = events.filter((event) => event.channel === "candles" && event.interval === interval);
  return frames.map((event) => frameOf(event).data as CandleAnswer);
}

const closedOf = (candles: readonly CandleAnswer[]) => candles.filter(({ state }) => state !== "open");

/** What was pushed of an indicator, in order. */
function valuesOf(events: readonly FrameEvent[], { interval, spec }: IndicatorInterest) {
  return events.flatMap((event) => {
    if (event.channel !== "indicators" || event.interval !== interval || event.spec !== spec) return [];
    const { time, state, value } = frameOf(event);
    return [{ time: Number(time), state, value: value as number | null | Record<string, number | null> }];
  });
}

async function restCandles(symbol: string, interval: Interval, limit: number): Promise<CandleAnswer[]> {
  const path = `/ohlcv/${symbol}?interval=${interval}&limit=${limit}`;
  return (await bodyOf(await call(path, FRESH), CandlesAnswerSchema)).data;
}

async function restValues(symbol: string, interval: Interval, specs: string[], points: number): Promise<Answer> {
  const path = `/indicators/${symbol}?interval=${interval}&data_points=${points}&indicators=${specs.join(",")}`;
  return bodyOf(await call(path, FRESH), IndicatorsAnswerSchema);
}

/** Expects what was streamed of a bar to be what REST says of it, within a relative 1e-9. */
function expectSame(answer: Answer, spec: string, time: number, value: ReturnType<typeof valuesOf>[number]["value"]) {
  const columns = columnsOf(answer, spec);
  const at = answer.times.indexOf(time);
  expect(at, `${spec} at ${time}`).toBeGreaterThanOrEqual(0);
  const outputs = typeof value === "object" && value !== null ? value : { value };
  for (const [name, streamed] of Object.entries(outputs)) {
    const known = columns[name][at];
    if (streamed === null || known === null) expect(streamed).toBe(known);
    else expect(Math.abs(streamed - known), `${spec} ${name}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(known)));
  }
}

/** Expects the values that were streamed of the last closed minute to be those that REST says now. */
async function expectLastValues(events: readonly FrameEvent[], symbol: string, specs: string[]): Promise<void> {
  const answer = await restValues(symbol, "1m", specs, 1);
  for (const spec of specs) {
    const last = valuesOf(events, { interval: "1m", spec }).findLast(({ state }) => state === "closed");
    expect(last?.time).toBe(answer.times[0]);
    expectSame(answer, spec, answer.times[0], last?.value ?? null);
  }
}

describe("the bars of a simulated symbol", () => {
  test("are over a whole trading day what REST says of them: every closed candle, and every indicator's value at it", async () => {
    const of = simulated("AAPL", {
      ...{ type: "stock", primary_exchange: "NASDAQ", currency: "USD", price_unit: "USD", volume_unit: "shares" },
    });
    const intervals: Interval[] = ["1m", "5m", "1h", "4h", "1d"];
    const specs = ["rsi", "macd:12:26:9", "sma:5", "bollinger", "ichimoku", "vwap", "adx:7"];
    const indicators = (["1m", "1h"] as const).flatMap((interval) => specs.map((spec) => ({ interval, spec })));
    indicators.push({ interval: "1m", spec: "obv" });
    const interest: Interest = { quotes: false, candles: intervals, indicators };
    const hub = await createFakeHub(of.symbol);
    // From before the opening until after the close; alarms ring up to a minute late.
    const open = Date.parse("2048-11-19T14:30:00Z") / 1000;
    const end = open + 6.5 * 3600 + 70;
    let steps = 0;
    for (let now = open - 95; now <= end; now += MINUTE) {
      setClock(now);
      await runDurableObjectAlarm(roomOf(of.symbol));
      await roomOf(of.symbol).renewLease(of, "hub-1", interest);
      if (++steps % 130 === 0) await evict(of.symbol, hub);
      if (steps % 60 === 0) await expectLastValues(hub.events, of.symbol, [...specs, "obv"]);
    }
    for (const interval of intervals) {
      const streamed = closedOf(candlesOf(hub.events, interval));
      const known = closedOf(await restCandles(of.symbol, interval, 2_000));
      expect(streamed, interval).toEqual(known.slice(-streamed.length));
    }
    expect(closedOf(candlesOf(hub.events, "1m"))).toHaveLength(390);
    expect(closedOf(candlesOf(hub.events, "1d"))).toHaveLength(1);
    for (const interval of ["1m", "1h"] as const) {
      const answer = await restValues(of.symbol, interval, specs, interval === "1m" ? 390 : 7);
      for (const spec of specs) {
        const streamed = valuesOf(hub.events, { interval, spec }).filter(({ state }) => state === "closed");
        expect(streamed.map(({ time }) => time)).toEqual(answer.times.slice(-streamed.length));
        for (const { time, value } of streamed) expectSame(answer, spec, time, value);
      }
    }
  });

  test("close on time without a tick, and the forming one is published at each tick", async () => {
    const of = simulated("SIM:FLAKY", { type: "stock", primary_exchange: "SIM", volume_unit: "shares" });
    // Half a minute before an outage, which begins as a minute closes.
    const outage = Math.ceil(TEST_TIME / 120) * 120 + 60 - 7_200;
    setClock(outage - 30);
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", { ...QUOTES_INTEREST, candles: ["1m"] });
    await advanceTo(of.symbol, outage + 29);
    const quotes = hub.events.filter(({ channel }) => channel === "quotes").map(frameOf);
    expect(quotes.at(-1)?.timestamp).toBe(new Date((outage - 1) * 1000).toISOString());
    const closed = hub.events.filter((event) => event.channel === "candles" && event.isClosed);
    expect(closed.map(frameOf)).toMatchObject([
      { timestamp: new Date(outage * 1000).toISOString(), data: { time: outage - MINUTE, state: "closed" } },
    ]);
    expect(candlesOf(hub.events, "1m").filter(({ state }) => state === "open").length).toBeGreaterThan(20);
    await roomOf(of.symbol).renewLease(of, "hub-1", NO_INTEREST);
  });

  test("are replayed to a subscriber that missed them, or it learns that it cannot have them", async () => {
    const of = simulated("MMM/USDT");
    const hub = await createFakeHub(of.symbol);
    const indicator: IndicatorInterest = { interval: "1m", spec: "ema:5" };
    await roomOf(of.symbol).renewLease(of, "hub-1", { ...BARS, indicators: [indicator] });
    const { time: begin } = await roomOf(of.symbol).replayCandles(of, "1m", null);
    if (begin === null) throw new Error("nothing has closed");
    expect(begin).toBe(Math.floor(TEST_TIME / MINUTE) * MINUTE - MINUTE);
    await advanceTo(of.symbol, TEST_TIME + 89);
    const bars = await roomOf(of.symbol).replayCandles(of, "1m", begin);
    expect(bars).toMatchObject({ recovered: true, time: begin + MINUTE });
    const data = (texts: readonly string[]) => texts.map((text) => JSON.parse(text).data);
    expect(data(bars.missed)).toEqual(closedOf(candlesOf(hub.events, "1m")));
    const [values] = await roomOf(of.symbol).replayIndicators(of, indicator.interval, [indicator.spec], begin);
    const streamed = valuesOf(hub.events, indicator).filter(({ state }) => state === "closed");
    expect(values.missed.map((text) => JSON.parse(text).time)).toEqual(streamed.map(({ time }) => time));
    expect(JSON.parse(values.missed[0]).value).toBeCloseTo(Number(streamed[0].value), 6);
    for (const since of [begin - 5_001 * MINUTE, begin + 60 * MINUTE]) {
      const refused = await roomOf(of.symbol).replayCandles(of, "1m", since);
      expect(refused).toMatchObject({ recovered: false, missed: [] });
    }
    const ancient = await roomOf(of.symbol).replayCandles(of, "1w", begin - 11 * 366 * 86_400);
    expect(ancient).toMatchObject({ recovered: false, missed: [] });
    const long = await roomOf(of.symbol).replayCandles(of, "1m", begin - 4_900 * MINUTE);
    expect(long.missed).toHaveLength(4_901);
  });
});

describe("the bars of a symbol whose source is polled", () => {
  const watched = async () => (await env.PROVIDER_GATE.getByName("binance").status()).watched;
  const begin = Math.floor(TEST_TIME / 3600) * 3600;

  async function polled(symbol: string) {
    const binance = await connectUpstream("binance");
    binance.history = (interval, now) => calmHistory(interval, begin - 600 * MINUTE, now);
    await goLive(symbol);
    const of = liveInstrument(symbol, ["binance"]);
    return { binance, of, hub: await createFakeHub(symbol) };
  }

  /** Lets time pass; each second the gate delivers a quote, as it does to those whom it polls for. */
  async function passPolled(of: Instrument, until: number): Promise<void> {
    for (let now = Math.ceil(Date.now() / 1000) + 1; now <= until; now++) {
      await advanceTo(of.symbol, now);
      const quote = simulatedQuote(of, now);
      if (!quote) throw new Error("no quote");
      await roomOf(of.symbol).ingest(of, [
        { ...quote, price: 1000 + (now % 60), provider: "binance", simulated: false },
      ]);
    }
  }

  test("form from its quotes and close with its own candles; polling ends when the last listener leaves", async () => {
    const { of, hub } = await polled("NNN/USDT");
    setClock(begin + 30);
    await roomOf(of.symbol).renewLease(of, "hub-1", { ...QUOTES_INTEREST, candles: ["1m"] });
    await passPolled(of, begin + 85);
    expect(await watched()).toBe(1);
    expect(hub.events.filter(({ channel }) => channel === "quotes").length).toBeGreaterThan(10);
    const bars = candlesOf(hub.events, "1m");
    const forming = bars.filter(({ state, time }) => state === "open" && time === begin);
    expect(forming.length).toBeGreaterThan(5);
    const [own] = calmHistory("1m", begin, begin);
    expect(forming.at(-1)).toMatchObject({ open: own.open, close: 1000 + 59, volume: null });
    expect(closedOf(bars)).toMatchObject([{ ...own, state: "closed" }]);
    expect(bars.at(-1)).toMatchObject({ time: begin + MINUTE, state: "open" });
    await roomOf(of.symbol).renewLease(of, "hub-1", NO_INTEREST);
    await advanceTo(of.symbol, begin + 86);
    expect(await watched()).toBe(0);
    expect(await alarmOf(of.symbol)).toBeNull();
  });

  test("that cannot be had at their close come as soon as it can, in order", async () => {
    const { binance, of, hub } = await polled("OOO/USDT");
    setClock(begin + 30);
    await roomOf(of.symbol).renewLease(of, "hub-1", { ...BARS, indicators: [{ interval: "1m", spec: "sma:3" }] });
    await passPolled(of, begin + 40);
    const known = binance.history;
    binance.history = () => ({ kind: "failure", reason: "bad_call", retryAfter: null });
    await passPolled(of, begin + 100);
    expect(closedOf(candlesOf(hub.events, "1m"))).toEqual([]);
    binance.history = known;
    await roomOf(of.symbol).renewLease(of, "hub-1", { ...BARS, indicators: [{ interval: "1m", spec: "sma:3" }] });
    await passPolled(of, begin + 130);
    expect(closedOf(candlesOf(hub.events, "1m")).map(({ time }) => time)).toEqual([begin, begin + MINUTE]);
    const values = valuesOf(hub.events, { interval: "1m", spec: "sma:3" }).filter(({ state }) => state === "closed");
    const closes = calmHistory("1m", begin - 2 * MINUTE, begin + MINUTE).map(({ close }) => close);
    expect(values.map(({ time }) => time)).toEqual([begin, begin + MINUTE]);
    values.forEach(({ value }, i) => {
      expect(value).toBeCloseTo((closes[i] + closes[i + 1] + closes[i + 2]) / 3, 9);
    });
  });

  test("that were not delivered before the room's memory went are published when it is back, once and in order", async () => {
    const of = simulated("SSS/USDT");
    const interest = { ...BARS, indicators: [{ interval: "1m" as const, spec: "sma:3" }] };
    const hub = await createFakeHub(of.symbol);
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    hub.answer = async () => {
      throw new Error("the hub is restarting");
    };
    const first = Math.floor(TEST_TIME / MINUTE) * MINUTE;
    await advanceTo(of.symbol, first + MINUTE + 5);
    expect(hub.events).toEqual([]);
    hub.answer = async () => true;
    await evict(of.symbol, hub);
    await roomOf(of.symbol).renewLease(of, "hub-1", interest);
    await advanceTo(of.symbol, first + 2 * MINUTE + 5);
    const closed = () => hub.events.filter((event) => "order" in event && event.isClosed);
    await vi.waitFor(() => expect(closed()).toHaveLength(4));
    const known = closed().map((event) => [event.channel, "time" in event && event.time]);
    expect(known).toEqual([
      ["candles", first],
      ["indicators", first],
      ["candles", first + MINUTE],
      ["indicators", first + MINUTE],
    ]);
    const orders = closed().map((event) => ("order" in event ? event.order : 0));
    expect(orders).toEqual([...new Set(orders)].sort((a, b) => a - b));
    await vi.waitFor(async () => {
      const left = await runInDurableObject(
        roomOf(of.symbol),
        (_, { storage }) => storage.sql.exec<{ left: number }>("select count(*) as left from untold_bars").one().left,
      );
      expect(left).toBe(0);
    });
  });

  test("wait for all their indicators: none is published without the others, none is left out", async () => {
    const of = simulated("RRR/USDT");
    let isHistoryKnown = true;
    class ForgetfulSource extends SimulatedSource {
      override async readPage(query: Parameters<SimulatedSource["readPage"]>[0]): Promise<CandlesPage> {
        return { ...(await super.readPage(query)), isComplete: isHistoryKnown || !query.backward };
      }
    }
    const context = contextOf(of, ["simulator"], new ForgetfulSource(of));
    const indicator: IndicatorInterest[] = ["sma:3", "obv"].map((spec) => ({ interval: "1m", spec }));
    await runInDurableObject(roomOf(of.symbol), async (_, { storage }) => {
      const series = new BarPublisher(
        new ClosedBarCursor(storage.sql),
        new FormingBars(),
        new IndicatorRunner(),
        new BarOutbox(storage.sql),
      );
      series.watch(context, { ...BARS, indicators: indicator.slice(0, 1) }, TEST_TIME);
      expect(await series.start(context, "1m", TEST_TIME)).toBe(true);
      series.watch(context, { ...BARS, indicators: indicator }, TEST_TIME);
      isHistoryKnown = false;
      setClock(TEST_TIME + MINUTE);
      expect(await series.close(context, "1m", TEST_TIME + MINUTE)).toBe(false);
      isHistoryKnown = true;
      setClock(TEST_TIME + 2 * MINUTE);
      const events = (await series.close(context, "1m", TEST_TIME + 2 * MINUTE)) || [];
      const times = closedOf(candlesOf(events, "1m")).map(({ time }) => time);
      expect(times).toHaveLength(2);
      for (const each of indicator) expect(valuesOf(events, each).map(({ time }) => time)).toEqual(times);
      storage.sql.exec("delete from live_bars");
    });
  });

  test("that an import changes are published again", async () => {
    const of = simulated("PPP/USDT", { data_sources: ["import"] });
    const hub = await createFakeHub(of.symbol);
    const row = (time: number, close: number) => ({
      ...{ time, open: close, high: close, low: close, close, volume: 1, revision: 0, suspect: false },
    });
    const store = (close: number) =>
      roomOf(of.symbol).importCandles(of, {
        ...{ interval: "1m", adjustment: "raw", adjustedAsOf: null, importId: "file" },
        candles: candlesFrom([0, 1, 2, 3].map((i) => row(begin - 600 + i * MINUTE, i === 1 ? close : 10))),
      });
    await store(10);
    await roomOf(of.symbol).renewLease(of, "hub-1", { ...BARS, indicators: [{ interval: "1m", spec: "sma:2" }] });
    await advanceTo(of.symbol, TEST_TIME + 2);
    await store(11);
    await advanceTo(of.symbol, TEST_TIME + 4);
    expect(candlesOf(hub.events, "1m")).toMatchObject([
      { time: begin - 600 + MINUTE, close: 11, state: "revised", revision: 1 },
    ]);
    const values = valuesOf(hub.events, { interval: "1m", spec: "sma:2" });
    expect(values.map(({ state, value }) => [state, value])).toEqual([
      ["revised", 10.5],
      ["revised", 10.5],
      ["revised", 10],
    ]);
  });
});

describe("the sandbox", () => {
  const begin = Math.ceil(TEST_TIME / 120) * 120;
  const sandbox = (symbol: string) =>
    simulated(symbol, { type: "stock", primary_exchange: "SIM", volume_unit: "shares" });

  async function streamOf(symbol: string, from: number, to: number, interest: Interest = QUOTES_INTEREST) {
    const of = sandbox(symbol);
    setClock(from);
    await goLive(symbol);
    const hub = await createFakeHub(symbol);
    for (let now = from; now < to; now += MINUTE) {
      await roomOf(symbol).renewLease(of, "hub-1", interest);
      await advanceTo(symbol, Math.min(now + MINUTE, to));
    }
    return hub.events;
  }

  const secondOf = (time: unknown) => Date.parse(String(time)) / 1000 - begin;
  /** When quotes were sent, and the second that they are of. */
  const known = (events: readonly FrameEvent[]) =>
    events.flatMap((event) => {
      const { type, timestamp, data } = frameOf(event);
      if (type !== "market_data") return [];
      expect(data).toMatchObject({ provider: "simulator", simulated: true });
      return [[secondOf(timestamp), secondOf((data as { timestamp: string }).timestamp)]];
    });
  const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  test("SIM:CLEAN publishes each second once", async () => {
    const events = await streamOf("SIM:CLEAN", begin - 0.5, begin + 40);
    expect(known(events)).toEqual(seconds(0, 41).map((second) => [second, second]));
  });

  test("SIM:GAPPY loses the events of the seconds 20 to 24 of each minute, and says so", async () => {
    const events = await streamOf("SIM:GAPPY", begin - 0.5, begin + 90);
    expect(known(events).map(([, second]) => second)).toEqual([
      ...seconds(0, 20),
      ...seconds(25, 80),
      ...seconds(85, 91),
    ]);
    const gaps = events.map(frameOf).filter(({ type }) => type === "gap");
    expect(gaps).toMatchObject([
      { symbol: "SIM:GAPPY", from_seq: 21, to_seq: 25 },
      { from_seq: 81, to_seq: 85 },
    ]);
    const seqs = events.map(frameOf).map(({ seq, to_seq }) => Number(seq ?? to_seq));
    expect(seqs).toEqual([...seconds(1, 21), 25, ...seconds(26, 81), 85, ...seconds(86, 92)]);
  });

  test("SIM:LATE holds the seconds 10 to 14 of each half minute back to the 15th", async () => {
    const events = await streamOf("SIM:LATE", begin - 0.5, begin + 50);
    const lateness = known(events).filter(([at, second]) => at !== second);
    expect(lateness).toEqual([10, 40].flatMap((from) => seconds(from, from + 5).map((second) => [from + 5, second])));
    expect(known(events).map(([, second]) => second)).toEqual(seconds(0, 51));
  });

  test("SIM:FLAKY is silent for half of every second minute, and says some things twice", async () => {
    const events = await streamOf("SIM:FLAKY", begin - 0.5, begin + 100);
    const twice = [...seconds(0, 60), ...seconds(90, 101)].flatMap((second) =>
      second % 10 === 5 ? [second, second] : [second],
    );
    expect(known(events).map(([, second]) => second)).toEqual(twice);
    const seqs = events.map(frameOf).map(({ seq }) => Number(seq));
    expect(seqs).toEqual(seconds(seqs[0], seqs[0] + twice.length));
  });

  test("SIM:REVISE puts each closed bar right 20 seconds later, in the stream as in REST", async () => {
    const interest: Interest = { ...BARS, indicators: [{ interval: "1m", spec: "sma:1" }] };
    const events = await streamOf("SIM:REVISE", begin + 50, begin + 81, interest);
    const [closed, revised] = closedOf(candlesOf(events, "1m"));
    expect(closed).toMatchObject({ time: begin, state: "closed", revision: 0 });
    expect(revised).toMatchObject({ time: begin, state: "revised", revision: 1, open: closed.open });
    expect([revised.close, revised.volume]).not.toEqual([closed.close, closed.volume]);
    const values = valuesOf(events, { interval: "1m", spec: "sma:1" }).filter(({ state }) => state !== "open");
    expect(values.map(({ state, value }) => [state, value])).toEqual([
      ["closed", closed.close],
      ["revised", revised.close],
    ]);
    const reply = await roomOf("SIM:REVISE").replayCandles(sandbox("SIM:REVISE"), "1m", begin - MINUTE);
    expect(reply.missed.map((text) => JSON.parse(text).data)).toEqual([revised]);
  });
});
