import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test } from "vitest";
import type { StreamHub } from "../../durable-objects/stream-hub/stream-hub.ts";
import { CallerAccount } from "../../durable-objects/streaming/connections/caller-accounts.ts";
import { refusalOf } from "../../durable-objects/streaming/connections/handshake.ts";
import { toUpgradeRequest } from "../../durable-objects/streaming/connections/handshake-request.ts";
import { type LedgerSocket, SendLedger } from "../../durable-objects/streaming/connections/send-ledger.ts";
import { StreamLoad } from "../../durable-objects/streaming/connections/stream-load.ts";

import { newHub } from "./hub-under-test.ts";
import { closeSockets, handshakeOf, openSocket } from "./socket-client.ts";

const NOW = 1_795_000_000;
const BTC = "BTC/USDT";

afterEach(closeSockets);

interface TestSocket extends LedgerSocket {
  name: string;
  account: CallerAccount;
  unacknowledgedBytes: number;
  closedAt: number | null;
}

const accountOf = (address: string): CallerAccount =>
  new CallerAccount({ address, caller: "anonymous", anonymous: true });

describe("the ledger of what is not acknowledged", () => {
  const newLedger = () => new SendLedger<TestSocket>({ socket: 10, object: 100 });

  /** A socket of an account with that many characters. */
  function add(ledger: SendLedger<TestSocket>, name: string, account: CallerAccount, bytes: number): TestSocket {
    const socket = { name, account, unacknowledgedBytes: bytes, closedAt: null };
    account.unacknowledgedBytes += bytes;
    ledger.update(socket);
    return socket;
  }
  const namesOf = (sockets: readonly TestSocket[]): string[] => sockets.map(({ name }) => name);

  test("counts sockets that lag, whole, and no others", () => {
    const ledger = newLedger();
    const account = accountOf("a");
    add(ledger, "reads", account, 10);
    const lagging = add(ledger, "lags", account, 11);
    expect(ledger.total).toBe(11);
    lagging.unacknowledgedBytes = 4;
    ledger.update(lagging);
    expect(ledger.total).toBe(0);
  });

  test("names none to close while there is room", () => {
    const ledger = newLedger();
    for (const name of ["a", "b", "c", "d"]) add(ledger, name, accountOf(name), 25);
    expect(ledger.isFull).toBe(false);
    expect(ledger.excess(NOW)).toEqual([]);
  });

  test("names the sockets of callers with more than a quarter first, then the largest, and no more than needed", () => {
    const ledger = newLedger();
    const many = accountOf("many");
    for (let i = 0; i < 3; i++) add(ledger, `many${i}`, many, 12 + i);
    add(ledger, "large", accountOf("b"), 25);
    add(ledger, "larger", accountOf("c"), 24);
    add(ledger, "small", accountOf("d"), 22);
    expect(ledger.total).toBe(110);
    expect(namesOf(ledger.excess(NOW))).toEqual(["many2"]);
  });

  test("waits for sockets that were just closed, and counts those whose clients never confirm it", () => {
    const ledger = newLedger();
    const closed = add(ledger, "closed", accountOf("a"), 80);
    const open = add(ledger, "open", accountOf("b"), 60);
    expect(namesOf(ledger.excess(NOW))).toEqual(["closed"]);
    closed.closedAt = NOW;
    expect(ledger.isFull).toBe(true);
    expect(ledger.excess(NOW + 5)).toEqual([]);
    expect(namesOf(ledger.excess(NOW + 11))).toEqual(["open"]);
    open.closedAt = NOW + 11;
    // Those that are stuck leave half of the room to others.
    add(ledger, "third", accountOf("c"), 45);
    expect(ledger.excess(NOW + 30)).toEqual([]);
    ledger.remove(closed);
    ledger.remove(open);
    expect(ledger.total).toBe(45);
    expect(ledger.isFull).toBe(false);
  });
});

describe("an object's load", () => {
  const levelOf = (queued: number, pending = 0) => {
    const load = new StreamLoad(100);
    load.queuedFrames = queued;
    load.pendingMessages = pending;
    return load.level;
  };

  test.each([
    [99, 0, "normal"],
    [100, 0, "no_history"],
    [200, 0, "no_joins"],
    [400, 0, "slow_conflation"],
    [800, 0, "closing"],
    [0, 2_000, "no_history"],
    [0, 20_000, "no_joins"],
  ])("with %d waiting frames and %d waiting messages is %s", (queued, pending, level) => {
    expect(levelOf(queued, pending)).toBe(level);
  });

  test("slows conflated subscriptions and closes sockets at its last levels alone", () => {
    const load = new StreamLoad(100);
    load.queuedFrames = 399;
    expect([load.conflationFactor, load.excessFrames]).toEqual([1, 0]);
    load.queuedFrames = 799;
    expect([load.conflationFactor, load.excessFrames]).toEqual([4, 0]);
    load.queuedFrames = 900;
    expect(load.excessFrames).toBe(500);
  });
});

describe("a hub under load", () => {
  type Hub = Awaited<ReturnType<typeof newHub>>;

  /** Makes a hub believe that frames wait, as many as for a level of load. */
  async function loadWith(hub: Hub, frames: number): Promise<void> {
    await runInDurableObject(hub.stub, (object: StreamHub) => {
      const load: unknown = Reflect.get(Reflect.get(object, "sessions"), "load");
      if (!(load instanceof StreamLoad)) throw new Error("a hub has a load");
      load.queuedFrames = frames;
    });
  }
  const refusal = async (hub: Hub) => {
    const response = await hub.stub.fetch(toUpgradeRequest(handshakeOf()));
    response.webSocket?.accept();
    response.webSocket?.close();
    return refusalOf(response);
  };

  test("takes no history first, then no subscriptions and no sockets, and goes on with those that it has", async () => {
    const hub = await newHub();
    const client = await openSocket(hub.stub);
    await client.subscribe([BTC]);
    await loadWith(hub, 250_000);
    client.send({ action: "subscribe", symbols: [BTC], channel: "indicators", indicators: ["RSI"], id: 1 });
    expect(await client.nth("error", 1)).toMatchObject({ code: "stream.overloaded", id: 1 });
    client.send({ action: "subscribe", symbols: [BTC], channel: "candles", since: { [BTC]: { time: 1_700_000_000 } } });
    expect(await client.nth("error", 2)).toMatchObject({ code: "stream.overloaded" });
    expect((await client.subscribe(["ETH/USDT"])).symbols).toEqual(["ETH/USDT"]);
    expect(await refusal(hub)).toBeNull();
    await loadWith(hub, 450_000);
    client.send({ action: "subscribe", symbols: ["AAPL"], id: 3 });
    expect(await client.nth("error", 3)).toMatchObject({ code: "stream.overloaded", id: 3 });
    expect(await refusal(hub)).toBe("overloaded");
    await hub.tick(BTC, 3);
    expect((await client.nth("market_data", 3)).seq).toBe(3);
    await loadWith(hub, 0);
    expect((await client.subscribe(["AAPL"])).symbols).toEqual(["AAPL"]);
    const { refused } = await hub.stub.takeStreamMetrics();
    expect(refused.overloaded).toBe(4);
  });

  test("closes the sockets that are furthest behind with 1013, and words", async () => {
    const hub = await newHub();
    const [behind, other] = [await openSocket(hub.stub), await openSocket(hub.stub)];
    await behind.subscribe([BTC]);
    await other.subscribe(["ETH/USDT"]);
    await loadWith(hub, 1_700_000);
    await hub.tick(BTC);
    expect(await behind.waitForClose()).toMatchObject({ code: 1013, reason: expect.stringContaining("resume") });
  });
});
