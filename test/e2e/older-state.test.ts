import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

const FIXTURE = join(import.meta.dirname, "..", "fixtures", "state-0.1.0");
const manifest = JSON.parse(readFileSync(join(FIXTURE, "manifest.json"), "utf8"));

let folder = "";
let platform: Platform;
let startedAt = 0;

beforeAll(async () => {
  folder = dataFolder();
  execFileSync("tar", ["-xzf", join(FIXTURE, "state.tar.gz"), "-C", folder]);
  startedAt = Date.now();
  platform = await startPlatform(folder);
});
afterAll(async () => {
  await platform?.stop();
  removeFolder(folder);
});

async function get(path: string, headers: Record<string, string> = AS_ADMIN) {
  const response = await fetch(`${platform.url}${path}`, { headers });
  const body: { code?: string; data: Record<string, unknown> & { action: string; target: string }[] } = JSON.parse(
    await response.text(),
  );
  return { status: response.status, body };
}

const withKey = (key: string) => ({ Authorization: `Bearer ${key}` });

/** The confirmation of a subscription that resumes from a position. */
async function resume(path: string, symbol: string, since: object) {
  const socket = new WebSocket(`${platform.url.replace("http", "ws")}${path}`, [
    "wizdata.v1",
    `key.${manifest.keys.reader}`,
  ]);
  const confirmed = Promise.withResolvers<{
    positions: Record<string, { seq: number; recovered: boolean; missed: { seq: number }[] }>;
  }>();
  socket.once("error", confirmed.reject);
  socket.once("open", () =>
    socket.send(JSON.stringify({ action: "subscribe", symbols: [symbol], since: { [symbol]: since }, id: "resume" })),
  );
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.type === "subscription_confirmed" && frame.id === "resume") confirmed.resolve(frame);
  });
  const frame = await confirmed.promise;
  socket.close();
  return frame.positions[symbol];
}

describe("a platform that starts on the state of version 0.1.0", () => {
  test.each(Object.keys(manifest.quotes))("goes on with the quotes of %s where they ended", async (symbol) => {
    const { status, body } = await get(`/quotes/${symbol}`, { ...AS_ADMIN, "Cache-Control": "no-cache" });
    const kept = manifest.quotes[symbol];
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ symbol, epoch: kept.epoch, provider: kept.provider });
    expect(body.data.seq).toBeGreaterThanOrEqual(kept.seq);
    if (body.data.seq === kept.seq) expect(body.data).toMatchObject({ price: kept.price, timestamp: kept.timestamp });
  });

  test.each([
    ["JSE:NPN", "/ohlcv/JSE:NPN?interval=1d&limit=1000"],
    ["ETH/USDT", "/ohlcv/ETH/USDT?interval=1h&limit=1000&to=2026-10-08T00:00:00Z"],
  ])("has every imported candle of %s", async (symbol, path) => {
    const { body } = await get(path);
    expect(manifest.importedCandles[symbol].length).toBeGreaterThan(50);
    expect(body).toMatchObject({
      data: manifest.importedCandles[symbol],
      provider: "import",
      simulated: false,
      adjustment: manifest.imports[symbol].adjustment,
    });
  });

  test("knows the keys, and which one was revoked", async () => {
    expect(await get("/usage", withKey(manifest.keys.reader))).toMatchObject({ status: 200 });
    expect((await get("/quotes/AAPL", withKey(manifest.keys.reader))).status).toBe(200);
    expect((await get("/quotes/AAPL", withKey(manifest.keys.revoked))).body.code).toBe("auth.invalid");
    const change = await fetch(`${platform.url}/symbols/JSE:STX40`, {
      method: "PUT",
      headers: { ...withKey(manifest.keys.writer), "Content-Type": "application/json" },
      body: JSON.stringify({ description: "Changed after an upgrade." }),
    });
    expect(change.status).toBe(200);
  });

  test("has the symbols that were added, changed and retired", async () => {
    const { added } = manifest.symbols;
    const { body } = await get(`/symbols/${added.symbol}`);
    expect(body.data).toMatchObject({
      name: added.name,
      type: added.type,
      price_unit: added.price_unit,
      is_active: true,
    });
    expect((await get("/symbols/AAPL")).body.data.description).toBe(manifest.symbols.changed.description);
    expect((await get("/symbols/ZZGONE")).body.data.is_active).toBe(false);
    expect((await get("/quotes/ZZGONE")).body.code).toBe("symbol.inactive");
  });

  test("has the whole audit log", async () => {
    const { body } = await get("/admin/audit?limit=100");
    const entries = body.data.map(({ action, target }) => ({ action, target }));
    expect(manifest.audit.length).toBeGreaterThan(8);
    expect(entries).toEqual(expect.arrayContaining(manifest.audit));
  });

  test.each([
    ["/ws", "BTC/USDT"],
    ["/ws", "SIM:CLEAN"],
    ["/ws/SOL/USDT", "SOL/USDT"],
  ])("resumes a client of %s from its old position in %s without a gap", async (path, symbol) => {
    const { early, last } = manifest.positions[symbol];
    const { recovered, missed, seq } = await resume(path, symbol, early);
    expect(recovered).toBe(true);
    expect(missed.map((each) => each.seq)).toEqual(
      Array.from({ length: seq - early.seq }, (_, i) => early.seq + 1 + i),
    );
    expect(seq).toBeGreaterThanOrEqual(last.seq);
  });

  test("serves the alarms that were due while it was away", async () => {
    await platform.stop();
    const databases = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /wizdata-edge-(?:SymbolRoom|StreamHub)\/metadata\.sqlite$/.test(name.replaceAll("\\", "/")),
    );
    expect(databases).toHaveLength(2);
    const pending = databases.flatMap((name) => {
      const database = new DatabaseSync(join(folder, name), { readOnly: true });
      const rows = database.prepare("select cast(scheduled_time / 1000000 as integer) as at from _cf_ALARM").all();
      database.close();
      return rows.map(({ at }) => Number(at));
    });
    expect(pending.filter((at) => at < startedAt)).toEqual([]);
  });
});
