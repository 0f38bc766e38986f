import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ServerFrameSchema } from "../../../contracts/stream.ts";
import { bridgeEvents } from "../../../workers/streaming/sse-bridge.ts";
import { call, problemOf } from "../client.ts";

const BTC = "BTC/USDT";

/** One block of an event stream, by field; comments under the empty name. */
type Block = Record<string, string>;

/** Reads an event stream block by block. */
class EventReader {
  private readonly reader: ReadableStreamDefaultReader<string>;
  private text = "";

  constructor(response: Response) {
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    if (!response.body) throw new Error("the answer has no body");
    this.reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    readers.add(this);
  }

  async next(): Promise<Block> {
    let end = this.text.indexOf("\n\n");
    while (end < 0) {
      const { value, done } = await this.reader.read();
      if (done) throw new Error("the stream has ended");
      this.text += value;
      end = this.text.indexOf("\n\n");
    }
    const lines = this.text.slice(0, end).split("\n");
    this.text = this.text.slice(end + 2);
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
  }

  /** The next event of a name. */
  async event(name: string): Promise<Block> {
    for (;;) {
      const block = await this.next();
      if (block.event === name) return block;
    }
  }

  cancel(): Promise<void> {
    return this.reader.cancel();
  }
}

const readers = new Set<EventReader>();

afterEach(async () => {
  await Promise.all(Array.from(readers, (reader) => reader.cancel()));
  readers.clear();
});

const stream = async (path: string, headers: HeadersInit = {}) => new EventReader(await call(path, { headers }));

const Numbered = z.looseObject({ seq: z.number() });

test("a bar is a position to go on from once the last of its indicators is written", async () => {
  const [client, hub] = Object.values(new WebSocketPair());
  hub.accept();
  const question = { symbol: BTC, channel: "indicators", interval: "1m", since: null, maxHz: null } as const;
  const body = bridgeEvents(client, { ...question, indicators: ["rsi", "RSI", "macd"] });
  const events = new EventReader(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
  for (const [indicator, time] of [
    ["rsi", 60],
    ["rsi", 120],
    ["macd", 60],
    ["macd", 120],
  ]) {
    hub.send(
      JSON.stringify({ type: "indicator", symbol: BTC, interval: "1m", indicator, time, value: 1, state: "closed" }),
    );
  }
  const ids = [];
  for (let i = 0; i < 4; i++) ids.push((await events.event("indicator")).id);
  expect(ids).toEqual([undefined, undefined, "60", "120"]);
});

test("heartbeats are events, and a stream that the platform ends says why", async () => {
  const [client, hub] = Object.values(new WebSocketPair());
  hub.accept();
  const acknowledged = new Promise<string>((resolve) =>
    hub.addEventListener("message", ({ data }) => String(data).includes("ack") && resolve(String(data))),
  );
  const question = { symbol: BTC, channel: "quotes", interval: "1m", since: null, maxHz: null } as const;
  const body = bridgeEvents(client, { ...question, indicators: undefined });
  const events = new EventReader(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
  hub.send(JSON.stringify({ type: "heartbeat", beat: 7, symbols: {} }));
  expect(JSON.parse((await events.event("heartbeat")).data)).toMatchObject({ beat: 7 });
  expect(JSON.parse(await acknowledged)).toEqual({ action: "ack", beat: 7 });
  hub.close(1012, "the platform restarts");
  const end = await events.event("end");
  expect(JSON.parse(end.data)).toMatchObject({ code: 1012, detail: "the platform restarts" });
  expect(end.id).toBeUndefined();
  await expect(events.next()).rejects.toThrow("the stream has ended");
});

describe("/stream/{symbol}", () => {
  test("sends the frames of the socket as events, with their positions as id", async () => {
    const events = await stream("/stream/btcusdt");
    expect(await events.next()).toEqual({ retry: "2000" });
    expect(JSON.parse((await events.event("welcome")).data)).toMatchObject({ type: "welcome" });
    const confirmed = await events.event("subscription_confirmed");
    const frame = ServerFrameSchema.parse(JSON.parse(confirmed.data));
    if (frame.type !== "subscription_confirmed") throw new Error("another frame");
    const { epoch, seq } = z.looseObject({ epoch: z.string(), seq: z.number() }).parse(frame.positions[BTC]);
    expect(confirmed.id).toBe(`${epoch}:${seq}`);
    for (let i = 1; i <= 2; i++) expect((await events.event("market_data")).id).toBe(`${epoch}:${seq + i}`);
  });

  test.each(["Last-Event-ID", "last_event_id"])(
    "resumes after %s: the confirmation first, then what was missed with its own ids, then what is new",
    async (way) => {
      const first = await stream(`/stream/${BTC}`);
      const { id } = await first.event("market_data");
      await first.event("market_data");
      await first.event("market_data");
      const inHeader = way === "Last-Event-ID";
      const second = inHeader
        ? await stream(`/stream/${BTC}`, { "Last-Event-ID": id })
        : await stream(`/stream/${BTC}?last_event_id=${id}`);
      const confirmed = await second.event("subscription_confirmed");
      const frame = ServerFrameSchema.parse(JSON.parse(confirmed.data));
      if (frame.type !== "subscription_confirmed") throw new Error("another frame");
      expect(frame.positions[BTC]).toMatchObject({ recovered: true, missed: [] });
      // Its client is not where the missed events end yet.
      expect(confirmed.id).toBeUndefined();
      const [epoch, from] = id.split(":");
      for (let i = 1; i <= 4; i++) {
        const block = await second.next();
        expect([block.event, block.id]).toEqual(["market_data", `${epoch}:${Number(from) + i}`]);
        expect(Numbered.parse(JSON.parse(block.data)).seq).toBe(Number(from) + i);
      }
    },
  );

  test("goes by the header where an address has an older id", async () => {
    const first = await stream(`/stream/${BTC}`);
    const old = await first.event("market_data");
    await first.event("market_data");
    const { id } = await first.event("market_data");
    const second = await stream(`/stream/${BTC}?last_event_id=${old.id}`, { "Last-Event-ID": id });
    await second.event("subscription_confirmed");
    const [epoch, from] = id.split(":");
    expect((await second.event("market_data")).id).toBe(`${epoch}:${Number(from) + 1}`);
  });

  test("says of a position of another epoch that it recovers nothing, with a snapshot", async () => {
    const events = await stream(`/stream/${BTC}?last_event_id=elsewhere:7`);
    const { data, id } = await events.event("subscription_confirmed");
    const frame = ServerFrameSchema.parse(JSON.parse(data));
    if (frame.type !== "subscription_confirmed") throw new Error("another frame");
    expect(frame.positions[BTC]).toMatchObject({ recovered: false, missed: [], snapshot: { symbol: BTC } });
    expect(id).toMatch(/^[a-z0-9]+:\d+$/);
  });

  test("carries candles and indicators, whose id is the opening of the last closed bar", async () => {
    const candles = await stream(`/stream/${BTC}?channel=candles&interval=1m`);
    const confirmed = await candles.event("subscription_confirmed");
    expect(Number(confirmed.id) % 60).toBe(0);
    expect(JSON.parse((await candles.event("candle")).data)).toMatchObject({ symbol: BTC, interval: "1m" });
    const since = { "Last-Event-ID": String(Number(confirmed.id) - 120) };
    const indicators = await stream(`/stream/${BTC}?channel=indicators&interval=1m&indicators=rsi`, since);
    const frame = ServerFrameSchema.parse(JSON.parse((await indicators.event("subscription_confirmed")).data));
    if (frame.type !== "subscription_confirmed") throw new Error("another frame");
    expect(frame.positions[BTC]).toMatchObject({ recovered: true, missed: [] });
    const from = Number(since["Last-Event-ID"]);
    for (const time of [from + 60, from + 120]) expect((await indicators.event("indicator")).id).toBe(String(time));
  });

  test("refuses what it cannot carry", async () => {
    await problemOf(await call("/stream/NOSUCH"), "symbol.not_found");
    await problemOf(await call(`/stream/${BTC}`, { headers: { "Last-Event-ID": "x" } }), "request.invalid");
    const problem = await problemOf(await call(`/stream/${BTC}?last_event_id=x`), "request.invalid");
    expect(problem.errors).toMatchObject([
      { in: "query", path: "last_event_id", message: expect.stringContaining("epoch:seq") },
    ]);
    await problemOf(await call(`/stream/${BTC}?channel=indicators`), "request.invalid");
    await problemOf(await call(`/stream/${BTC}?max_hz=0`), "request.invalid");
    await problemOf(await call(`/stream/${BTC}?ticket=used`), "auth.invalid");
    const head = await call(`/stream/${BTC}`, { method: "HEAD" });
    expect([head.status, head.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
  });
});
