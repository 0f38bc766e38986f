import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { clientOf } from "../../durable-objects/socket-client.ts";
import { call, importCandles, QuoteAnswer, read } from "../client.ts";

/** Imported: nothing of it happens by itself, so that nothing keeps its room awake. */
const SYMBOL = "JSE:FSR";

const importClose = async (time: string, close: number) => {
  const response = await importCandles({ symbol: SYMBOL, interval: "1d", rows: [{ line: 1, time, close }] });
  expect(response.status).toBe(200);
  await read(`/quotes/${SYMBOL}`, QuoteAnswer, { "Cache-Control": "no-cache" });
};

async function open(path: string) {
  const { webSocket } = await call(path, { headers: { Upgrade: "websocket" } });
  if (!webSocket) throw new Error("no socket");
  return clientOf(webSocket);
}

/** What marks the memory of an object; gone with it. */
const MARK = "isRemembered";
const objects = () => [env.STREAM_HUB.getByName("hub:local:0"), env.SYMBOL_ROOM.getByName(SYMBOL)];
const mark = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (object: object) => void Reflect.set(object, MARK, true));
const isMarked = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (object: object) => Reflect.has(object, MARK));

// A forced eviction does not prove that an object can hibernate: here real time passes, and nothing else happens.
test("hub and room hibernate with sockets open, and wake with what these are subscribed to", async () => {
  await importClose("2026-11-16", 61_000);
  const many = await open("/ws");
  const one = await open(`/ws/${SYMBOL}`);
  await many.subscribe([SYMBOL]);
  await one.nth("subscription_confirmed");
  await importClose("2026-11-17", 61_500);
  await many.nth("market_data");
  await one.nth("market_data");
  for (const stub of objects()) await mark(stub);
  for (const stub of objects()) expect(await isMarked(stub)).toBe(true);

  await scheduler.wait(12_000);

  for (const stub of objects()) expect(await isMarked(stub)).toBe(false);
  await importClose("2026-11-18", 62_000);
  for (const client of [many, one]) {
    const [before, after] = [await client.nth("market_data"), await client.nth("market_data", 2)];
    expect(after.seq).toBe(before.seq + 1);
    expect(after.data.price).toBe(62_000);
    await client.waitForProcessing();
    expect(client.of("subscriptions")[0].subscriptions).toMatchObject([{ symbol: SYMBOL, channel: "quotes" }]);
    expect(client.faults).toEqual([]);
    client.close();
  }
});
