import { cpSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfirmedBarsSchema, ConfirmedQuotesSchema } from "../../contracts/stream.ts";
import { eventually } from "./live-answers.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";
import { openStream, type StreamClient } from "./state/stream-client.ts";

const SYMBOL = "SIM:CLEAN";
/** Events that come after the backup, and are lost with the restore. */
const LOST_EVENTS = 4;

const CreatedKey = z.object({ data: z.object({ key: z.string() }) });

async function makeKey({ url }: Platform): Promise<string> {
  const response = await fetch(`${url}/admin/keys`, {
    method: "POST",
    headers: { ...AS_ADMIN, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "of a restore", scopes: ["read", "stream"] }),
  });
  return CreatedKey.parse(await response.json()).data.key;
}

async function confirmationOf(client: StreamClient, id: string) {
  const found = await eventually(
    20,
    async () => client.of("subscription_confirmed").find((frame) => frame.id === id),
    (frame) => frame !== undefined,
  );
  return found?.positions[SYMBOL];
}

/** The last position of a client that listens until `events` events have come. */
async function listen({ url }: Platform, key: string, events: number) {
  const client = await openStream(url, "/ws", key);
  client.send({ action: "subscribe", symbols: [SYMBOL] });
  const { epoch, seq } = await client.nth("market_data", events);
  client.close();
  return { epoch, seq };
}

describe("a state that is restored with a new generation of streams", () => {
  const lived = dataFolder();
  const backup = dataFolder();
  let key = "";
  let kept = { epoch: "", seq: 0 };
  let lost = { epoch: "", seq: 0 };
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform(lived);
    key = await makeKey(platform);
    kept = await listen(platform, key, 3);
    await platform.kill();
    cpSync(lived, backup, { recursive: true });
    platform = await startPlatform(lived);
    lost = await listen(platform, key, LOST_EVENTS);
    await platform.stop();
    platform = await startPlatform(backup, { STREAM_GENERATION: "after the restore" });
  });

  afterAll(async () => {
    await platform.stop();
    removeFolder(lived);
    removeFolder(backup);
  });

  test("recovers nothing for a client whose position was lost, and goes on with higher numbers in a new epoch", async () => {
    expect(lost.epoch).toBe(kept.epoch);
    expect(lost.seq).toBeGreaterThan(kept.seq);
    // By then its number stands for another event.
    const client = await openStream(platform.url, "/ws", key);
    client.send({ action: "subscribe", symbols: [SYMBOL] });
    const passed = await eventually(
      30,
      async () => client.of("market_data").at(-1),
      (frame) => frame !== undefined && frame.seq > lost.seq,
    );
    expect(passed?.epoch).not.toBe(kept.epoch);
    const numbers = client.of("market_data").map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0] + i));
    expect(numbers[0]).toBeGreaterThan(kept.seq);
    for (const [id, since] of Object.entries({ lost, kept, forged: { epoch: lost.epoch, seq: 0 } })) {
      client.send({ action: "subscribe", id, symbols: [SYMBOL], since: { [SYMBOL]: since } });
      const position = ConfirmedQuotesSchema.parse(await confirmationOf(client, id));
      expect(position, id).toMatchObject({ epoch: passed?.epoch, recovered: false, missed: [] });
      expect(position.snapshot, id).toMatchObject({ symbol: SYMBOL, epoch: passed?.epoch });
    }
    client.close();
  });

  test("recovers no bars for a client that has some of before", async () => {
    const client = await openStream(platform.url, "/ws", key);
    const time = Math.floor(Date.now() / 60_000) * 60 - 120;
    const since = { [SYMBOL]: { time } };
    client.send({ action: "subscribe", id: "bars", channel: "candles", interval: "1m", symbols: [SYMBOL], since });
    const position = ConfirmedBarsSchema.parse(await confirmationOf(client, "bars"));
    expect(position).toMatchObject({ recovered: false, missed: [] });
    client.close();
  });

  test("keeps its epoch from then on, as long as the generation stays", async () => {
    const before = await listen(platform, key, 2);
    await platform.stop();
    platform = await startPlatform(backup, { STREAM_GENERATION: "after the restore" });
    const client = await openStream(platform.url, "/ws", key);
    client.send({ action: "subscribe", id: "back", symbols: [SYMBOL], since: { [SYMBOL]: before } });
    const position = ConfirmedQuotesSchema.parse(await confirmationOf(client, "back"));
    expect(position).toMatchObject({ epoch: before.epoch, recovered: true });
    client.close();
  });
});
