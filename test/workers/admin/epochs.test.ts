import { expect, test } from "vitest";
import { z } from "zod";
import { bodyOf, call, problemOf, QuoteAnswer, read, send } from "../client.ts";
import { bearer, createKey } from "../keys.ts";

const Renewed = z.object({
  success: z.literal(true),
  data: z.object({ symbol: z.string(), epoch: z.string(), seq: z.number().int() }),
  timestamp: z.iso.datetime({ precision: 3 }),
});

const quote = async (symbol: string) => (await read(`/quotes/${symbol}`, QuoteAnswer)).data;
const renew = (symbol: unknown) => send("POST", "/admin/epochs/renew", { symbol });

test("an administrator renews the epoch of one symbol, by any of its names, and of no other", async () => {
  const before = { btc: await quote("BTC/USDT"), eth: await quote("ETH/USDT") };
  const { data } = await bodyOf(await renew("btcusdt"), Renewed);
  expect(data).toMatchObject({ symbol: "BTC/USDT", seq: expect.any(Number) });
  expect(data.epoch).not.toBe(before.btc.epoch);
  expect(data.seq).toBeGreaterThanOrEqual(before.btc.seq);
  const after = { btc: await quote("BTC/USDT"), eth: await quote("ETH/USDT") };
  expect(after.btc.epoch).toBe(data.epoch);
  expect(after.btc.seq).toBeGreaterThanOrEqual(before.btc.seq);
  expect(after.eth.epoch).toBe(before.eth.epoch);
});

test("is for administrators, and for symbols that there are", async () => {
  const { key } = await createKey(["read", "stream", "symbols:write"]);
  const body = JSON.stringify({ symbol: "BTC/USDT" });
  const json = { "Content-Type": "application/json" };
  const path = "/admin/epochs/renew";
  await problemOf(await call(path, { method: "POST", headers: json, body }), "auth.missing");
  await problemOf(await call(path, { method: "POST", headers: { ...json, ...bearer(key) }, body }), "auth.forbidden");
  await problemOf(await renew("NOSUCH"), "symbol.not_found");
  await problemOf(await renew(""), "request.invalid");
  await problemOf(await send("POST", path, { symbol: "BTC/USDT", epoch: "mine" }), "request.invalid");
});
