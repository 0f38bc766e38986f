import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { StreamHub } from "../../durable-objects/stream-hub/stream-hub.ts";
import { newHub } from "./hub-under-test.ts";
import { closeSockets, openSocket } from "./socket-client.ts";

const SYMBOLS = ["BTC/USDT", "ETH/USDT", "AAPL"];
/** The tests' hubs take forty sockets at once. */
const AT_ONCE = 30;
const TIMES = 10;

afterEach(closeSockets);

/** What a hub holds: sockets of the platform's, and rows of its own. */
const held = (stub: Awaited<ReturnType<typeof newHub>>["stub"]) =>
  runInDurableObject(stub, (_: StreamHub, state) => {
    const rows = (table: string): number =>
      state.storage.sql.exec<{ rows: number }>(`select count(*) as rows from ${table}`).one().rows;
    return {
      sockets: state.getWebSockets().length,
      subscribed: rows("audience_sockets"),
      symbols: rows("audience_symbols"),
    };
  });

describe("a hub", () => {
  test("holds nothing of the sockets that have closed, however many there were and however they went", async () => {
    const hub = await newHub();
    for (let time = 0; time < TIMES; time++) {
      const clients = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, i) => openSocket(hub.stub, { address: `192.0.2.${i}` })),
      );
      await Promise.all(
        clients.map((client) => client.subscribe(SYMBOLS, { delivery: { mode: "conflate", max_hz: 1 } })),
      );
      for (const symbol of SYMBOLS) await hub.tick(symbol, 3);
      expect(await held(hub.stub)).toEqual({ sockets: AT_ONCE, subscribed: AT_ONCE, symbols: SYMBOLS.length });
      closeSockets();
      const gone = async () => (await hub.stub.streamStats()).connections === 0;
      await vi.waitUntil(gone, { timeout: 30_000 });
    }
    expect(await hub.stub.streamStats()).toEqual({ connections: 0, subscriptions: 0, symbols: {} });
    expect(await hub.stub.listConnections()).toEqual([]);
    expect(await hub.stub.listSubscribers(1_000)).toEqual({});
    await vi.waitUntil(async () => (await held(hub.stub)).sockets === 0, { timeout: 30_000 });
    expect(await held(hub.stub)).toEqual({ sockets: 0, subscribed: 0, symbols: 0 });
  });
});
