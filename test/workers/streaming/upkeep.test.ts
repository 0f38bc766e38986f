import { createMessageBatch, createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { consumeBatch } from "../../../workers/ingestion/queue.ts";
import { runScheduled } from "../../../workers/ingestion/scheduled.ts";
import { closeSockets } from "../../durable-objects/socket-client.ts";
import { ADMIN, call, problemOf, send } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";
import { connections, open, upgrade } from "./open-stream.ts";

const BTC = "BTC/USDT";
const POLICY = 1008;

const hub = () => env.STREAM_HUB.getByName("hub:local:0");
const room = () => env.SYMBOL_ROOM.getByName(BTC);

afterEach(async () => {
  closeSockets();
  const none = async () => (await connections()).total_connections === 0;
  await vi.waitUntil(none, { timeout: 30_000 });
});

/** The bindings, of which one has no objects. */
function without(name: "STREAM_HUB" | "STREAM_DIRECTORY"): Env {
  const getByName = () => {
    throw new Error("gone");
  };
  return { ...env, [name]: { ...env[name], getByName } };
}

/** The values of the series without labels, and of resumes by outcome. */
async function scrape(bindings: Env = env): Promise<(series: string) => number> {
  const response = await callWith(bindings, "/metrics", { headers: ADMIN });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const lines = text.split("\n").map((line) => line.split(" "));
  return (series) => Number(lines.find(([name]) => name === series)?.[1] ?? 0);
}

const RECOVERED = 'wizdata_stream_resumes_total{outcome="recovered"}';
const SNAPSHOT = 'wizdata_stream_resumes_total{outcome="snapshot"}';

describe("/metrics", () => {
  test("counts what hubs and rooms with sockets have open, sent and resumed", async () => {
    const earlier = await scrape();
    const many = await open("/ws");
    await many.client.subscribe([BTC, "AAPL"]);
    const seen = await many.client.nth("market_data");
    const one = await open(`/ws/${BTC}`);
    await one.client.nth("subscription_confirmed");
    const since = { [BTC]: { epoch: seen.epoch, seq: seen.seq } };
    await many.client.subscribe([BTC], { since });
    await one.client.subscribe([BTC], { since });
    await many.client.subscribe([BTC], { since: { [BTC]: { epoch: "other", seq: 1 } } });
    const frames = many.client.texts.length + one.client.texts.length;

    const later = await scrape();
    expect(later("wizdata_stream_connections")).toBe(2);
    expect(later("wizdata_stream_subscriptions")).toBe(3);
    expect(later("wizdata_stream_holders_unreachable")).toBe(0);
    expect(later(RECOVERED) - earlier(RECOVERED)).toBe(2);
    expect(later(SNAPSHOT) - earlier(SNAPSHOT)).toBe(1);
    const sent = (now: typeof later) => now("wizdata_stream_frames_total");
    expect(sent(later) - sent(earlier)).toBeGreaterThanOrEqual(frames);

    // A caller that leaves is no longer open; what was counted stays.
    closeSockets();
    await vi.waitUntil(async () => (await connections()).total_connections === 0, { timeout: 30_000 });
    const end = await scrape();
    expect(end("wizdata_stream_connections")).toBe(0);
    expect(end("wizdata_stream_subscriptions")).toBe(0);
    expect(end(RECOVERED)).toBe(later(RECOVERED));
    expect(sent(end)).toBeGreaterThanOrEqual(sent(later));
  });

  test("counts the others where a hub, or the directory of them all, does not answer", async () => {
    await open("/ws");
    await open(`/ws/${BTC}`);
    const lame = await scrape(without("STREAM_HUB"));
    expect(lame("wizdata_stream_connections")).toBe(1);
    expect(lame("wizdata_stream_holders_unreachable")).toBe(1);
    const blind = await scrape(without("STREAM_DIRECTORY"));
    expect(blind("wizdata_stream_connections")).toBe(0);
    expect(blind("wizdata_stream_holders_unreachable")).toBe(1);
  });
});

const Ticket = z.object({ data: z.object({ ticket: z.string() }) });

describe("a key that is revoked", () => {
  test("closes what is open on it, at hubs, at rooms and as events, and nothing else", async () => {
    const { key, prefix } = await createKey(["read", "stream"]);
    const other = await createKey(["stream"]);
    const { client: many } = await open("/ws", bearer(key));
    const { client: one } = await open(`/ws/${BTC}`, bearer(key));
    const { client: stays } = await open("/ws", bearer(other.key));
    const events = await callWith({}, `/stream/${BTC}`, { headers: bearer(key) });
    const ended = events.body?.pipeTo(new WritableStream());
    expect((await connections()).total_connections).toBe(4);
    expect((await send("DELETE", `/admin/keys/${prefix}`)).status).toBe(200);
    for (const client of [many, one]) expect((await client.waitForClose()).code).toBe(POLICY);
    await ended;
    await stays.waitForProcessing();
    expect((await connections()).connections).toMatchObject([{ caller: `key:${other.prefix}` }]);
  });

  test("while a stream is being opened on it closes that one, too", async () => {
    const { key, prefix } = await createKey(["stream"]);
    const until = "update api_keys set revoked_at = ? where prefix = ?";
    const setRevoked = (at: string | null) => env.DB.prepare(until).bind(at, prefix).run();
    // The hub has taken the socket in; the request that revoked the key has not seen it there.
    const getByName = (name: string) =>
      new Proxy(env.STREAM_HUB.getByName(name), {
        get: (target, property) => {
          if (property !== "fetch") return Reflect.get(target, property);
          return async (request: Request) => {
            const response = await target.fetch(request);
            await setRevoked("2026-11-18T15:30:00.000Z");
            return response;
          };
        },
      });
    const bindings = { STREAM_HUB: Object.assign(Object.create(env.STREAM_HUB), { getByName }) };
    for (const [path, headers] of [
      ["/ws", { Upgrade: "websocket" }],
      [`/stream/${BTC}`, {}],
    ] as const) {
      await setRevoked(null);
      await problemOf(await callWith(bindings, path, { headers: { ...headers, ...bearer(key) } }), "auth.invalid");
      await vi.waitUntil(async () => (await connections()).total_connections === 0, { timeout: 30_000 });
    }
  });

  test("takes the tickets with it that it was given", async () => {
    const { key, prefix } = await createKey(["stream"]);
    const issue = async () => {
      const response = await call("/tickets", { method: "POST", headers: bearer(key) });
      return Ticket.parse(await response.json()).data.ticket;
    };
    const [good, late] = [await issue(), await issue()];
    await open(`/ws?ticket=${good}`);
    expect((await connections()).connections).toMatchObject([{ caller: `key:${prefix}` }]);
    await send("DELETE", `/admin/keys/${prefix}`);
    await problemOf(await upgrade(`/ws?ticket=${late}`), "auth.invalid");
  });
});

test("a key that expires closes what is open on it", async () => {
  const expires_at = new Date(Date.now() + 6_000).toISOString();
  const { key } = await createKey(["stream"], { expires_at });
  const { client: many } = await open("/ws", bearer(key));
  const { client: one } = await open(`/ws/${BTC}`, bearer(key));
  const { client: stays } = await open("/ws");
  for (const client of [many, one]) expect((await client.waitForClose()).code).toBe(POLICY);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires_at));
  await stays.waitForProcessing();
});

describe("an alarm that was lost", () => {
  const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_, state) => state.storage.getAlarm());
  const lose = (stub: DurableObjectStub) => runInDurableObject(stub, (_, state) => state.storage.deleteAlarm());
  const minute = () => runScheduled(createScheduledController({ cron: "* * * * *" }), env);

  test("of a hub or a room with sockets is set again within the minute, and heartbeats go on", async () => {
    const { client } = await open("/ws");
    await client.subscribe(["AAPL"]);
    const { client: one } = await open(`/ws/${BTC}`);
    await one.nth("subscription_confirmed");
    for (const stub of [hub(), room()]) {
      await lose(stub);
      expect(await alarmOf(stub)).toBeNull();
    }
    await minute();
    for (const stub of [hub(), room()]) expect(await alarmOf(stub)).not.toBeNull();
  });

  test("of a room that hubs attend is set again by the daily look at its registry row", async () => {
    const { client } = await open("/ws");
    await client.subscribe([BTC]);
    await client.nth("market_data");
    await lose(room());
    const body = { kind: "reconcile", symbols: [BTC] };
    const message = { id: "1", timestamp: new Date(), attempts: 1, body };
    await consumeBatch(createMessageBatch("wizdata-ingestion", [message]), env);
    expect(await alarmOf(room())).not.toBeNull();
    await client.nth("market_data", client.of("market_data").length + 1);
  });

  test("is left alone where nothing is to be done", async () => {
    const idle = env.SYMBOL_ROOM.getByName("SHARE:IDLE");
    await idle.checkAlarm();
    expect(await alarmOf(idle)).toBeNull();
  });

  test("does not keep the cron from its work where the directory of hubs is away", async () => {
    await runScheduled(createScheduledController({ cron: "* * * * *" }), without("STREAM_DIRECTORY"));
  });
});
