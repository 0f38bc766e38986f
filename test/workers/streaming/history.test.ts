import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { QUOTAS } from "../../../contracts/usage.ts";
import { HOUR } from "../../../core/time.ts";
import { unspentOf } from "../../../durable-objects/usage-meter/payment.ts";
import { clientOf, closeSockets } from "../../durable-objects/socket-client.ts";
import { bodyOf, call, problemOf } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";
import { open } from "./open-stream.ts";

afterEach(closeSockets);

const BTC = "BTC/USDT";
const lastHours = (hours: number) => Math.floor(Date.now() / 1000 / HOUR) * HOUR - (hours + 1) * HOUR;
const history = { channel: "candles", interval: "1h", since: { [BTC]: { time: lastHours(3) } } };

const TicketAnswer = z.object({
  success: z.literal(true),
  data: z.object({ ticket: z.string(), expires_at: z.string() }),
  timestamp: z.string(),
});

async function ticketOf(key: string): Promise<string> {
  const response = await call("/tickets", { method: "POST", headers: bearer(key) });
  return (await bodyOf(response, TicketAnswer, 201)).data.ticket;
}

/** What a key has used of its day: minutes may turn meanwhile. */
async function usedOf(prefix: string): Promise<number> {
  const { left } = await env.USAGE_METER.getByName(prefix).quotaState(QUOTAS.free);
  return QUOTAS.free.day - left.day - unspentOf(prefix);
}

/** Leaves nothing of a key's day, in its meter and in this isolate. */
async function useUp(key: string, prefix: string): Promise<void> {
  const meter = env.USAGE_METER.getByName(prefix);
  const { left } = await meter.quotaState(QUOTAS.free);
  const endless = { minute: 1e9, day: 1e9 };
  await meter.lease({ holder: "another", quota: endless, cost: left.day, ahead: false, unspent: null });
  const ask = () => callWith({}, "/types", { headers: bearer(key) });
  while ((await ask()).status === 200);
}

/** A stream of bars from a position on; its body is let go. */
async function eventsFrom(headers: Record<string, string>, id: string, query = "channel=candles&interval=1h") {
  const response = await callWith({}, `/stream/${BTC}?${query}`, { headers: { ...headers, "Last-Event-ID": id } });
  if (response.ok) await response.body?.cancel();
  return response;
}

describe("a key with the scope stream alone", () => {
  test("reads no history by since: at a hub, at a symbol's room, or by a ticket", async () => {
    const { key } = await createKey(["stream"]);
    const sockets = [
      await open("/ws", bearer(key)),
      await open(`/ws/${BTC}`, bearer(key)),
      await open(`/ws?ticket=${await ticketOf(key)}`),
      await open(`/ws/${BTC}?ticket=${await ticketOf(key)}`),
    ];
    for (const { client } of sockets) {
      client.send({ action: "subscribe", symbols: [BTC], ...history, id: "history" });
      const { id: _, ...indicators } = { ...history, channel: "indicators", indicators: ["SMA:3"], id: null };
      client.send({ action: "subscribe", symbols: [BTC], ...indicators, id: "indicators" });
      client.send({ action: "subscribe", symbols: [BTC], channel: "candles", interval: "1h", id: "now" });
      const confirmed = async (id: string) => {
        await client.waitForProcessing();
        return client.of("subscription_confirmed").find((each) => each.id === id);
      };
      expect((await confirmed("history"))?.rejected).toMatchObject([{ symbol: BTC, code: "auth.forbidden" }]);
      expect((await confirmed("indicators"))?.rejected).toMatchObject([{ symbol: BTC, code: "auth.forbidden" }]);
      expect((await confirmed("now"))?.symbols).toEqual([BTC]);
      expect(client.faults).toEqual([]);
      client.close();
    }
  });

  test("reads none by Last-Event-ID, and has its quotes replayed", async () => {
    const { key } = await createKey(["stream"]);
    await problemOf(await eventsFrom(bearer(key), String(lastHours(3))), "auth.forbidden");
    const indicators = "channel=indicators&indicators=RSI&interval=1h";
    await problemOf(await eventsFrom(bearer(key), String(lastHours(3)), indicators), "auth.forbidden");
    expect((await eventsFrom(bearer(key), "", "channel=candles")).status).toBe(200);
    expect((await eventsFrom(bearer(key), "e1:1", "channel=quotes")).status).toBe(200);
  });
});

describe("a key that may read", () => {
  test("pays for history by socket and by events what the request for as many candles costs", async () => {
    const { key, prefix } = await createKey(["read", "stream"]);
    const since = Math.floor(Date.now() / 60_000) * 60 - 2_500 * 60;
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const before = await usedOf(prefix);
      await work();
      return (await usedOf(prefix)) - before;
    };
    const rest = await cost(() => callWith({}, `/ohlcv/${BTC}?interval=1m&limit=2500`, { headers: bearer(key) }));
    expect(rest).toBe(3);
    const { client } = await open("/ws", bearer(key));
    const message = { channel: "candles", interval: "1m", since: { [BTC]: { time: since } } };
    expect(await cost(() => client.subscribe([BTC], message))).toBe(rest);
    expect(client.of("subscription_confirmed")[0].positions[BTC]).toMatchObject({ recovered: true });
    // Opening a stream is a request, too.
    const events = () => eventsFrom(bearer(key), String(since), "channel=candles&interval=1m");
    expect(await cost(events)).toBe(1 + rest);
  });

  test("gets none at a hub or a room where its quota is used up, wherever its sockets are", async () => {
    const { key, prefix } = await createKey(["read", "stream"]);
    const headers = { ...bearer(key), Upgrade: "websocket" };
    const clients = [(await open(`/ws/${BTC}`, bearer(key))).client];
    for (const continent of ["EU", "AF"] as const) {
      const { webSocket } = await callWith({}, "/ws", { headers, cf: { continent } });
      if (webSocket) clients.push(clientOf(webSocket));
    }
    expect(clients.length).toBe(3);
    await useUp(key, prefix);
    for (const client of clients) {
      client.send({ action: "subscribe", symbols: [BTC], ...history, id: "history" });
      await client.waitForProcessing();
      const confirmed = client.of("subscription_confirmed").find(({ id }) => id === "history");
      expect(confirmed?.rejected).toMatchObject([{ code: "rate_limit.exceeded", retry_after: expect.any(Number) }]);
    }
  });
});

test("callers without a key have history where they may read", async () => {
  const { client } = await open("/ws");
  const { positions, rejected } = await client.subscribe([BTC], history);
  expect(rejected).toEqual([]);
  expect(positions[BTC]).toMatchObject({ recovered: true });
  expect(positions[BTC].missed.length).toBeGreaterThanOrEqual(2);
  expect((await eventsFrom({}, String(lastHours(3)))).status).toBe(200);
});
