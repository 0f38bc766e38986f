import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ConfirmedQuotesSchema, HEARTBEAT_SECONDS } from "../../contracts/stream.ts";
import type { QuotePosition } from "../../durable-objects/symbol-events/symbol-events.ts";
import { SLOTS } from "../../durable-objects/symbol-room/quotes/quote-log.ts";
import { simulatedQuote } from "../../providers/simulator/simulator.ts";
import { type SeededRandom, seededRandom } from "../../tools/seeded-random.ts";
import { EventLedger } from "../../tools/soak/event-ledger.ts";
import { setClock, simulated, TEST_TIME } from "./live-room.ts";
import { openSocket, type SocketClient } from "./socket-client.ts";

/** `npm run soak` does this 10,000 times against the bundle; here rooms and hubs are evicted one by one, as the platform does it. */
const CUTS = 200;
const SYMBOLS = ["BTC/USDT", "ETH/USDT"];
const CUT_HUB = "hub:test:0";
const WATCHING_HUB = "hub:test:1";

const objects = () => [
  ...SYMBOLS.map((symbol) => env.SYMBOL_ROOM.getByName(symbol)),
  ...[CUT_HUB, WATCHING_HUB].map((name) => env.STREAM_HUB.getByName(name)),
];

/** Lets that many seconds pass: the rooms' alarms ring every second, the hubs' as often as they beat. */
async function pass(seconds: number): Promise<void> {
  const until = Date.now() / 1000 + seconds;
  for (let second = Math.floor(Date.now() / 1000) + 1; second <= until; second++) {
    setClock(second);
    const due = objects().filter((_, i) => i < SYMBOLS.length || second % HEARTBEAT_SECONDS === 0);
    await Promise.all(due.map((stub) => runDurableObjectAlarm(stub)));
  }
  setClock(until);
}

/** Hands a ledger what a client gets, until it is cut. */
class Line {
  private readonly client: SocketClient;
  private readonly ledger: EventLedger;
  private taken = 0;

  constructor(client: SocketClient, ledger: EventLedger) {
    this.client = client;
    this.ledger = ledger;
    client.send({ action: "subscribe", symbols: SYMBOLS, since: ledger.since() });
  }

  /** Takes what has come; returns whether anything has, ever. */
  hasRead(): boolean {
    for (; this.taken < this.client.texts.length; this.taken++) this.ledger.onMessage(this.client.texts[this.taken]);
    return this.taken > 0;
  }

  cut(): void {
    this.hasRead();
    this.client.close();
  }
}

const lineTo = async (hub: string, ledger: EventLedger): Promise<Line> =>
  new Line(await openSocket(env.STREAM_HUB.getByName(hub)), ledger);

async function evictSome(random: SeededRandom): Promise<void> {
  for (const stub of objects()) {
    if (random.next() >= 0.05) continue;
    // One that has not been asked since it was evicted is not running.
    await stub.streamStats();
    await evictDurableObject(stub);
  }
}

beforeAll(() => setClock(TEST_TIME));
afterAll(() => {
  vi.useRealTimers();
});

describe("a client that resumes", () => {
  const watched = new EventLedger(SYMBOLS);
  const ledger = new EventLedger(SYMBOLS);
  let watching: Line;

  /** Where the rooms themselves are. */
  const positions = async () => {
    const known = new Map<string, QuotePosition>();
    for (const symbol of SYMBOLS) {
      const { position } = await env.SYMBOL_ROOM.getByName(symbol).replayQuotes(simulated(symbol), null);
      known.set(symbol, position);
    }
    return known;
  };

  test(`gets every event once, in order, though it is cut ${CUTS} times and rooms and hubs are evicted`, async () => {
    const seed = 1 + Math.floor(Math.random() * 1e6);
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    // A client always listens, so that there is something to miss.
    watching = await lineTo(WATCHING_HUB, watched);
    for (let cut = 0; cut < CUTS; cut++) {
      const line = await lineTo(CUT_HUB, ledger);
      await pass(random.next() * 2);
      await evictSome(random);
      line.cut();
      await pass(random.next() * 2);
    }
    const line = await lineTo(CUT_HUB, ledger);
    const known = await positions();
    const lacking = (): string[] => {
      for (const each of [line, watching]) each.hasRead();
      return [...ledger.missing(known), ...watched.missing(known)];
    };
    await vi.waitFor(() => expect(lacking()).toEqual([]), { timeout: 60_000, interval: 10 });
    line.cut();
    expect([ledger.violations, watched.violations], `seed ${seed}`).toEqual([[], []]);
    for (const symbol of SYMBOLS) expect(watched.positionOf(symbol)?.seq).toBeGreaterThan(CUTS);
    expect(ledger.recovered).toBeGreaterThan(CUTS);
  });

  test("that was away longer than the ring holds learns that it cannot recover, and goes on from a snapshot", async () => {
    const symbol = SYMBOLS[0];
    const instrument = simulated(symbol);
    const second = Math.floor(Date.now() / 1000);
    setClock(second + SLOTS + 100);
    const quotes = Array.from({ length: SLOTS + 50 }, (_, i) => simulatedQuote(instrument, second + 1 + i));
    await env.SYMBOL_ROOM.getByName(symbol).ingest(
      instrument,
      quotes.filter((quote) => quote !== null),
    );

    const client = await openSocket(env.STREAM_HUB.getByName(CUT_HUB));
    const { positions } = await client.subscribe([symbol], { since: ledger.since() });
    const position = ConfirmedQuotesSchema.parse(positions[symbol]);
    expect(position).toMatchObject({ recovered: false, missed: [], epoch: ledger.positionOf(symbol)?.epoch });
    expect(position.snapshot).toMatchObject({ symbol, seq: position.seq });
    expect(position.seq).toBeGreaterThan((ledger.positionOf(symbol)?.seq ?? 0) + SLOTS);
    await pass(3);
    await vi.waitUntil(() => client.seqs(symbol).length >= 3, { timeout: 30_000, interval: 10 });
    expect(client.seqs(symbol).slice(0, 3)).toEqual([position.seq + 1, position.seq + 2, position.seq + 3]);
    client.close();
  });
});
