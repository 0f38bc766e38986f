import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { FeedEvent } from "../../durable-objects/audience/feed.ts";
import type { StreamHub } from "../../durable-objects/stream-hub/stream-hub.ts";
import { openSocket } from "./socket-client.ts";
import { StandInFeed } from "./stand-in-feed.ts";

const BTC = "BTC/USDT";

async function newHub(name: string) {
  const stub = env.STREAM_HUB.getByName(`hub:${name}:0`);
  const feed = new StandInFeed();
  const useFeed = () =>
    runInDurableObject(stub, (hub: StreamHub) => {
      hub.feed = feed;
    });
  await useFeed();
  const push = async (symbol: string, events: FeedEvent[]): Promise<boolean> => stub.push(symbol, events);
  return { stub, feed, useFeed, push, tick: (symbol: string) => push(symbol, [feed.next(symbol)]) };
}

test("a socket is welcomed, subscribes, and gets what comes after its confirmation", async () => {
  const hub = await newHub("first");
  const client = await openSocket(hub.stub);
  hub.feed.next(BTC);
  const confirmed = await client.subscribe([BTC, "NOSUCH"], { id: 7 });
  expect(confirmed).toMatchObject({ id: 7, channel: "quotes", symbols: [BTC] });
  expect(confirmed.positions[BTC]).toMatchObject({ epoch: "e1", seq: 1, recovered: null, missed: [] });
  expect(confirmed.rejected).toMatchObject([{ symbol: "NOSUCH", code: "symbol.not_found" }]);
  expect(await hub.tick(BTC)).toBe(true);
  expect((await client.nth("market_data")).seq).toBe(2);
  expect(client.frames[0]).toMatchObject({ type: "welcome", protocol: 1 });
  expect(client.faults).toEqual([]);
});
