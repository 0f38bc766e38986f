import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { z } from "zod";
import { accessOf } from "../../../workers/auth/access.ts";
import { ADMIN, ADMIN_KEY, call, ImportAnswer, problemOf, read, send } from "../client.ts";
import { callWith, createKey } from "../keys.ts";

const Entries = z.object({ data: z.array(z.object({ id: z.number(), actor: z.string(), action: z.string() })) });

/** Names of what the audit log holds beyond an entry, the oldest first. */
async function actionsSince(id: number): Promise<string[]> {
  const { data } = await Entries.parseAsync(await (await call("/admin/audit?limit=1000", { headers: ADMIN })).json());
  return data
    .filter((entry) => entry.id > id)
    .map(({ action }) => action)
    .toReversed();
}

async function lastEntry(): Promise<number> {
  const { data } = await Entries.parseAsync(await (await call("/admin/audit?limit=1", { headers: ADMIN })).json());
  return data[0]?.id ?? 0;
}

const NEW_SYMBOL = { symbol: "AUDITED", name: "Audited", type: "stock", currency: "USD", primary_exchange: "NYSE" };
const CANDLES = { symbol: "AUDITED", interval: "1d", rows: [{ line: 2, time: "2026-11-17", close: 10 }] };

/** Every route that changes something for others: what a request of it looks like, and what the audit log says after it. */
const ACTS: Record<string, { path?: string; body?: object; actions: string[] }> = {
  "POST /symbols": { body: NEW_SYMBOL, actions: ["symbol.create"] },
  "PUT /symbols/{symbol}": { path: "/symbols/AUDITED", body: { name: "Changed" }, actions: ["symbol.change"] },
  "PUT /symbols/{symbol}/streaming": {
    ...{ path: "/symbols/AUDITED/streaming?available=false", actions: ["symbol.streaming"] },
  },
  "POST /admin/import": { body: CANDLES, actions: ["symbol.import", "candles.import"] },
  "PATCH /admin/imports/{id}": { body: { adjustment: "split" }, actions: ["import.change"] },
  "DELETE /admin/imports/{id}": { actions: ["import.delete", "symbol.end_imports"] },
  "DELETE /symbols/{symbol}": { path: "/symbols/AUDITED", actions: ["symbol.retire"] },
  "POST /admin/keys": { body: { name: "audited", scopes: ["read"] }, actions: ["key.create"] },
  "DELETE /admin/keys/{prefix}": { actions: ["key.revoke"] },
  "POST /admin/providers/{provider}/reset": {
    ...{ path: "/admin/providers/binance/reset", actions: ["provider.reset"] },
  },
  "POST /admin/epochs/renew": { body: { symbol: "BTC/USDT" }, actions: ["epoch.renew"] },
  "POST /broadcast": { body: { message: "Maintenance at noon" }, actions: ["stream.broadcast"] },
};

test("every route that changes something for others leaves an entry in the audit log", async () => {
  const { paths } = await read("/openapi.json", z.looseObject({ paths: z.record(z.string(), z.looseObject({})) }));
  const changing = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => !["get", "head", "options"].includes(method))
      .map((method) => `${method.toUpperCase()} ${path}`)
      .filter((route) => {
        const [method, of] = route.split(" ");
        return ["admin", "symbols:write"].includes(accessOf(method, of));
      }),
  );
  expect(changing.toSorted()).toEqual(Object.keys(ACTS).toSorted());
  const { prefix } = await createKey(["read"]);
  let id = "";
  for (const [route, { path, body, actions }] of Object.entries(ACTS)) {
    const [method, of] = route.split(" ");
    const before = await lastEntry();
    const response = await send(method, path ?? of.replace("{prefix}", prefix).replace("{id}", id), body);
    const text = await response.text();
    expect(response.ok, `${route}: ${text}`).toBe(true);
    if (of === "/admin/import") id = ImportAnswer.parse(JSON.parse(text)).data.import_id;
    expect(await actionsSince(before), route).toEqual(actions);
  }
});

/** Bindings whose objects end every call as a crash would: it is not known whether it had its effect. */
function crashing(name: "PROVIDER_GATE" | "SYMBOL_ROOM" | "STREAM_DIRECTORY"): Partial<Env> {
  const getByName = () => {
    throw new Error("the isolate is gone");
  };
  return { [name]: { ...env[name], getByName } };
}

const OUTSIDE = [
  { path: "/admin/providers/binance/reset", body: undefined, object: "PROVIDER_GATE", action: "provider.reset" },
  { path: "/admin/epochs/renew", body: { symbol: "BTC/USDT" }, object: "SYMBOL_ROOM", action: "epoch.renew" },
  { path: "/broadcast", body: { message: "hello" }, object: "STREAM_DIRECTORY", action: "stream.broadcast" },
] as const;

const request = (body: object | undefined): RequestInit => ({
  method: "POST",
  headers: { Authorization: `Bearer ${ADMIN_KEY}`, "Content-Type": "application/json" },
  body: body && JSON.stringify(body),
});

test.each(OUTSIDE)("$action has its entry although the platform goes down while it takes effect", async (act) => {
  const before = await lastEntry();
  expect((await callWith(crashing(act.object), act.path, request(act.body))).status).toBeGreaterThanOrEqual(500);
  expect(await actionsSince(before)).toEqual([act.action]);
});

test.each(OUTSIDE)("$action has no effect where the audit log cannot be written", async (act) => {
  const names: string[] = [];
  const getByName = (name: string) => {
    names.push(name);
    throw new Error("called");
  };
  const session = env.DB.withSession("first-primary");
  const prepare = (query: string): D1PreparedStatement => {
    if (query.includes("audit_log")) throw new Error("D1_ERROR: the database is away");
    return session.prepare(query);
  };
  const DB: D1Database = {
    ...{ prepare, batch: (statements) => session.batch(statements), exec: (query) => env.DB.exec(query) },
    ...{ dump: () => env.DB.dump(), withSession: () => Object.assign(Object.create(session), { prepare }) },
  };
  const bindings = { DB, [act.object]: { ...env[act.object], getByName } };
  await problemOf(await callWith(bindings, act.path, request(act.body)), "service.unavailable");
  expect(names).toEqual([]);
});
