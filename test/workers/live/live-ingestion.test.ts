import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  evictDurableObject,
  getQueueResult,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { failure } from "../../../providers/provider.ts";
import { openPrimary } from "../../../storage/database.ts";
import { recordDemand } from "../../../storage/demand.ts";
import { IngestionMessage } from "../../../workers/ingestion/messages.ts";
import { consumeBatch } from "../../../workers/ingestion/queue.ts";
import { runScheduled } from "../../../workers/ingestion/scheduled.ts";
import {
  calmHistory,
  connectUpstream,
  goLive,
  type LiveUpstream,
  startClock,
} from "../../durable-objects/live-upstream.ts";
import { call } from "../client.ts";
import { LIVE, readLive } from "./live-client.ts";

const MINUTELY = "* * * * *";
const QUARTERLY = "*/15 * * * *";
const DAILY = "17 3 * * *";

/** A Wednesday on which New York and Johannesburg trade, and a Saturday on which only crypto does. */
const OPEN = "2026-11-18T14:45:00.000Z";
const WEEKEND = "2026-11-21T14:45:00.000Z";

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("delete from demand").run();
});

const seconds = (time: string): number => Date.parse(time) / 1000;

async function demand(symbol: string, at: string): Promise<void> {
  await recordDemand(openPrimary(env.DB), symbol, seconds(at));
}

/** What a cron puts on the queue. */
async function enqueuedBy(cron: string, at: string, world: Env = LIVE): Promise<IngestionMessage[]> {
  const sent: IngestionMessage[] = [];
  const INGESTION: Queue = {
    ...env.INGESTION,
    send: async (message: unknown) => {
      const { traceparent, ...work } = IngestionMessage.parse(message);
      // Each belongs to the trace of its cron.
      expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      sent.push(work);
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    },
  };
  const controller = createScheduledController({ cron, scheduledTime: new Date(at) });
  await runScheduled(controller, { ...world, INGESTION });
  return sent;
}

const message = (id: string, body: unknown) => ({ id, timestamp: new Date(), attempts: 1, body });

async function consume(queue: string, ...messages: ReturnType<typeof message>[]) {
  const batch = createMessageBatch(queue, messages);
  await consumeBatch(batch, LIVE);
  return getQueueResult(batch, createExecutionContext());
}

describe("a cron in live mode", () => {
  test("each minute finds the quotes that are in demand and whose markets trade", async () => {
    await demand("BTC/USDT", OPEN);
    await demand("AAPL", OPEN);
    await demand("NOSUCH", OPEN);
    await demand("JSE:NPN", "2026-11-18T05:00:00Z");
    const [sent, ...others] = await enqueuedBy(MINUTELY, OPEN);
    expect(others).toEqual([]);
    expect(sent.kind).toBe("quotes");
    expect(sent.symbols.toSorted()).toEqual(["AAPL", "BTC/USDT"]);
  });

  test("goes on while the registry takes no writes", async () => {
    await demand("BTC/USDT", OPEN);
    const full = () => Promise.reject(new Error("D1_ERROR: database or disk is full: SQLITE_FULL"));
    vi.spyOn(console, "log").mockImplementation(() => {});
    const withSession = () => {
      const session = env.DB.withSession();
      const prepare = (query: string) => {
        const statement = session.prepare(query);
        if (!/^(delete|insert|update)/i.test(query)) return statement;
        const failing = Object.assign(Object.create(statement), {
          run: full,
          all: full,
          raw: full,
          bind: () => failing,
        });
        return failing;
      };
      return { prepare, batch: session.batch.bind(session), getBookmark: () => null };
    };
    const DB = Object.assign(Object.create(env.DB), { withSession });
    expect(await enqueuedBy(MINUTELY, OPEN, { ...LIVE, DB })).toEqual([{ kind: "quotes", symbols: ["BTC/USDT"] }]);
    expect((await enqueuedBy(DAILY, OPEN, { ...LIVE, DB })).length).toBeGreaterThan(0);
  });

  test("polls nothing whose market is closed", async () => {
    for (const symbol of ["BTC/USDT", "AAPL", "JSE:NPN", "USD/ZAR"]) await demand(symbol, WEEKEND);
    expect(await enqueuedBy(MINUTELY, WEEKEND)).toEqual([{ kind: "quotes", symbols: ["BTC/USDT"] }]);
    const candles = await enqueuedBy(QUARTERLY, WEEKEND);
    expect(candles).toEqual([
      { kind: "candles", symbols: ["BTC/USDT"], interval: "1h" },
      { kind: "candles", symbols: ["BTC/USDT"], interval: "1d" },
    ]);
  });

  test("finds nothing due if no client asked, nor in the demo", async () => {
    expect(await enqueuedBy(MINUTELY, OPEN)).toEqual([]);
    await demand("BTC/USDT", OPEN);
    for (const cron of [MINUTELY, QUARTERLY]) expect(await enqueuedBy(cron, OPEN, env)).toEqual([]);
  });

  test("each day asks for the profiles of the companies that no one described, and forgets old demand", async () => {
    await demand("BTC/USDT", "2026-11-01T00:00:00Z");
    const sent = await enqueuedBy(DAILY, OPEN);
    const profiles = sent.flatMap(({ kind, symbols }) => (kind === "profiles" ? symbols : []));
    expect(profiles).toContain("AAPL");
    expect(profiles).not.toContain("BTC/USDT");
    expect((await env.DB.prepare("select symbol from demand").all()).results).toEqual([]);
    const inDemo = await enqueuedBy(DAILY, OPEN, env);
    expect(inDemo.filter(({ kind }) => kind !== "reconcile")).toEqual([]);
  });
});

describe("the consumer in live mode", () => {
  let binance: LiveUpstream;

  beforeEach(async () => {
    startClock("2026-11-18T15:30:20.250Z");
    binance = await connectUpstream("binance");
    await connectUpstream("coingecko");
    binance.history = (interval, now) => calmHistory(interval, now - 40 * 3600, now);
  });

  /** All that a room keeps of its market data. */
  const keptBy = (symbol: string) =>
    runInDurableObject(env.SYMBOL_ROOM.getByName(symbol), (_, { storage }) => ({
      seq: storage.sql.exec("select value from facts where name = 'seq'").toArray(),
      candles: storage.sql.exec("select interval, time, close, revision, suspect from candles").toArray(),
      fetched: storage.sql.exec("select * from fetched").toArray(),
    }));

  const work = [
    message("1", { kind: "quotes", symbols: ["BTC/USDT", "ETH/USDT"] }),
    message("2", { kind: "candles", symbols: ["BTC/USDT", "ETH/USDT"], interval: "1h" }),
  ];

  test("asks for quotes and candles of many symbols, in one call where it can", async () => {
    for (const symbol of ["BTC/USDT", "ETH/USDT"]) await goLive(symbol);
    expect((await consume("wizdata-ingestion", ...work)).explicitAcks).toEqual(["1", "2"]);
    expect(binance.quoteCalls.map((call) => call.toSorted())).toEqual([["BTC/USDT", "ETH/USDT"]]);
    expect(binance.candleCalls.map(({ listing }) => listing.instrument.symbol).toSorted()).toEqual([
      "BTC/USDT",
      "ETH/USDT",
    ]);
    expect((await keptBy("BTC/USDT")).candles).toHaveLength(3);
  });

  test("that gets a batch twice, even after an eviction, changes nothing the second time", async () => {
    for (const symbol of ["BTC/USDT", "ETH/USDT"]) await goLive(symbol);
    const still = "2026-11-18T15:30:20.000Z";
    binance.quote = () => ({ price: 100, timestamp: still });
    await consume("wizdata-ingestion", ...work);
    const before = await keptBy("BTC/USDT");
    await evictDurableObject(env.SYMBOL_ROOM.getByName("BTC/USDT"));
    await goLive("BTC/USDT");
    expect((await consume("wizdata-ingestion", ...work)).explicitAcks).toEqual(["1", "2"]);
    expect(await keptBy("BTC/USDT")).toEqual(before);
  });

  test("counts its own work as no one's demand, and a reader's as demand", async () => {
    await goLive("XRP/USDT");
    await consume("wizdata-ingestion", message("1", { kind: "quotes", symbols: ["XRP/USDT"] }));
    expect((await env.DB.prepare("select symbol from demand").all()).results).toEqual([]);
    await readLive("/quotes/XRP/USDT");
    expect((await env.DB.prepare("select symbol from demand").all()).results).toEqual([{ symbol: "XRP/USDT" }]);
  });

  test("is done with a message whose source does not answer: the next cron asks again", async () => {
    await goLive("SOL/USDT");
    binance.quote = () => failure("bad_answer");
    const result = await consume("wizdata-ingestion", message("1", { kind: "quotes", symbols: ["SOL/USDT"] }));
    expect(result.explicitAcks).toEqual(["1"]);
  });

  test("retries a message that no one understands, and makes it a dead letter in the audit log in the end", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const poisoned = message("poison", { kind: "explode", symbols: [] });
    expect((await consume("wizdata-ingestion", poisoned)).retryMessages).toMatchObject([{ msgId: "poison" }]);
    for (const queue of ["wizdata-ingestion-dead", "wizdata-ingestion-dead-production"]) {
      expect((await consume(queue, poisoned)).explicitAcks).toEqual(["poison"]);
      expect(await readLive("/admin/audit?limit=1")).toMatchObject({
        data: [
          {
            ...{ actor: "queue", action: "ingestion.dead_letter", target: queue },
            detail: { message: "poison", body: '{"kind":"explode","symbols":[]}' },
          },
        ],
      });
    }
  });

  test("fills only what the registry does not know of a company", async () => {
    const alpha = await connectUpstream("alpha_vantage");
    alpha.profile = { name: "Other Name", description: "Makes telephones.", employees: 164_000, sector: "Other" };
    const before = Object(await (await call("/symbols/AAPL")).json());
    const profiles = message("1", { kind: "profiles", symbols: ["AAPL"] });
    expect((await consume("wizdata-ingestion", profiles)).explicitAcks).toEqual(["1"]);
    const { results } = await env.DB.prepare(
      "select name, sector, description, employees from symbols where symbol = 'AAPL'",
    ).all();
    expect(results).toEqual([
      {
        ...{ name: before.data.name, sector: before.data.sector },
        ...{ description: "Makes telephones.", employees: before.data.employees ?? 164_000 },
      },
    ]);
    expect(await readLive("/admin/audit?limit=1")).toMatchObject({ data: [{ action: "symbol.profile" }] });
  });
});
