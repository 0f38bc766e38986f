import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { AuditEntrySchema } from "../../../contracts/admin.ts";
import { ApiKeySchema, SCOPES, type Scope } from "../../../contracts/api-key.ts";
import { accessOf } from "../../../workers/auth/access.ts";
import { isStillValid, KEY_CACHE_MS } from "../../../workers/auth/api-keys.ts";
import { ADMIN, ADMIN_KEY, bodyOf, call, newAddress, problemOf, QuoteAnswer, read, send } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";

const CLOSED = { ANONYMOUS_ACCESS: "off" };

const KeyAnswer = z.object({ success: z.literal(true), data: ApiKeySchema, timestamp: z.string() });
const KeysAnswer = z.object({ success: z.literal(true), data: z.array(ApiKeySchema), timestamp: z.string() });

const listed = async (prefix: string) => {
  const { data } = await read("/admin/keys", KeysAnswer, ADMIN);
  return data.find((key) => key.prefix === prefix);
};

afterEach(() => {
  vi.useRealTimers();
});

/** Lets an isolate's trust in keys run out. */
function trustRunsOut(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + KEY_CACHE_MS });
}

describe("a key", () => {
  test("is shown once, when it is made, and kept as a digest", async () => {
    const made = await createKey(["stream", "read"], { name: "dashboard", tier: "standard" });
    expect(made).toMatchObject({ name: "dashboard", scopes: ["read", "stream"], tier: "standard", revoked_at: null });
    expect(made).toMatchObject({ created_by: "admin-token", expires_at: null, last_used_at: null });
    expect(made.key).toMatch(/^wz_[a-z2-7]{8}_[a-z2-7]{32}$/);
    expect(made.key.split("_")[1]).toBe(made.prefix);
    const { key, ...rest } = made;
    expect(await listed(made.prefix)).toEqual(rest);
    const row = await env.DB.prepare("select * from api_keys where prefix = ?").bind(made.prefix).first();
    expect(JSON.stringify(row)).not.toContain(key.slice(-32));
    expect(row?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is accepted as a bearer token and as X-API-Key", async () => {
    const { key } = await createKey(["read"]);
    for (const headers of [bearer(key), { Authorization: `bearer  ${key}` }, { "X-API-Key": key }]) {
      expect((await callWith(CLOSED, "/types", { headers })).status).toBe(200);
    }
  });

  test("is accepted as a subprotocol where a WebSocket is opened, and nowhere else", async () => {
    const { key } = await createKey(["read"]);
    const offer = { "Sec-WebSocket-Protocol": `wizdata.v1, key.${key}` };
    expect((await callWith(CLOSED, "/types", { headers: { ...offer, Upgrade: "websocket" } })).status).toBe(200);
    await problemOf(await callWith(CLOSED, "/types", { headers: offer }), "auth.missing");
    const wrong = { "Sec-WebSocket-Protocol": "wizdata.v1, key.wrong", Upgrade: "websocket" };
    await problemOf(await callWith(CLOSED, "/types", { headers: wrong }), "auth.invalid");
  });

  test.each([
    "wrong",
    "wz_aaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "wz_aaaaaaaa",
    `${ADMIN_KEY}x`,
    ADMIN_KEY.slice(0, -1),
    "é",
  ])("that is none is refused, even where none is needed: %s", async (key) => {
    const response = await call("/types", { headers: { "X-API-Key": encodeURIComponent(key) } });
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
    await problemOf(response, "auth.invalid");
  });

  test("with a secret that differs in its last character is refused", async () => {
    const { key } = await createKey(["read"]);
    const other = `${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}`;
    expect((await call("/types", { headers: bearer(key) })).status).toBe(200);
    await problemOf(await call("/types", { headers: bearer(other) }), "auth.invalid");
  });

  test("may do what its scopes say and no more, whatever others may", async () => {
    const { key } = await createKey(["stream"]);
    await problemOf(await call("/types", { headers: bearer(key) }), "auth.forbidden");
    expect((await call("/types")).status).toBe(200);
    expect((await call("/health", { headers: bearer(key) })).status).toBe(200);
  });

  test("keeps its answers out of shared caches, which would hand them on to anyone", async () => {
    const { key } = await createKey(["read"]);
    for (const path of ["/types", "/quotes/JSE:NPN", "/symbols", "/indicators/available"]) {
      expect((await call(path, { headers: bearer(key) })).headers.get("Cache-Control"), path).toMatch(
        /^private, max-age=/,
      );
      expect((await call(path)).headers.get("Cache-Control"), path).toMatch(/^public, max-age=/);
    }
  });

  test("that expires is valid until then", async () => {
    const expires = new Date(Date.now() + 5_000).toISOString();
    const { key, expires_at } = await createKey(["read"], { expires_at: expires });
    expect(expires_at).toBe(expires);
    expect((await call("/types", { headers: bearer(key) })).status).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(expires) });
    await problemOf(await callWith({}, "/types", { headers: bearer(key) }), "auth.invalid");
  });

  test("that is revoked holds no longer: here at once, elsewhere when trust runs out", async () => {
    const { key, prefix } = await createKey(["read"]);
    expect((await callWith({}, "/types", { headers: bearer(key) })).status).toBe(200);
    // As another isolate sees it: the registry has changed, and this isolate does not know.
    await env.DB.prepare("update api_keys set revoked_at = ? where prefix = ?")
      .bind(new Date().toISOString(), prefix)
      .run();
    expect((await callWith({}, "/types", { headers: bearer(key) })).status).toBe(200);
    // What would stay open is checked again.
    const upgrade = { ...bearer(key), Upgrade: "websocket" };
    await problemOf(await callWith({}, "/types", { headers: upgrade }), "auth.invalid");
    await problemOf(await callWith({}, "/stream/AAPL", { headers: bearer(key) }), "auth.invalid");
    trustRunsOut();
    await problemOf(await callWith({}, "/types", { headers: bearer(key) }), "auth.invalid");
    vi.useRealTimers();

    const second = await createKey(["read"]);
    expect((await call("/types", { headers: bearer(second.key) })).status).toBe(200);
    const answer = await bodyOf(await send("DELETE", `/admin/keys/${second.prefix}`), KeyAnswer);
    expect(answer.data.revoked_at).not.toBeNull();
    await problemOf(await call("/types", { headers: bearer(second.key) }), "auth.invalid");
    // Revoking again changes nothing, not even the time.
    const again = await bodyOf(await send("DELETE", `/admin/keys/${second.prefix}`), KeyAnswer);
    expect(again.data).toEqual(answer.data);
  });

  test("is asked for again where what it opened goes on", async () => {
    const { key, prefix, scopes, name, tier } = await createKey(["read"]);
    const caller = { kind: "key" as const, prefix, scopes, name, tier, expiresAt: null };
    expect(await isStillValid(env, caller)).toBe(true);
    expect((await callWith({}, "/types", { headers: bearer(key) })).status).toBe(200);
    await send("DELETE", `/admin/keys/${prefix}`);
    expect(await isStillValid(env, caller)).toBe(false);
    expect(await isStillValid(env, { ...caller, prefix: "aaaaaaaa" })).toBe(false);
    expect(await isStillValid(env, { kind: "anonymous" })).toBe(true);
  });

  test("that is used says when, to within minutes", async () => {
    const { key, prefix } = await createKey(["read"]);
    const before = Date.now();
    await callWith({}, "/types", { headers: bearer(key) });
    const first = (await listed(prefix))?.last_used_at ?? "";
    expect(Date.parse(first)).toBeGreaterThanOrEqual(before);
    trustRunsOut();
    await callWith({}, "/types", { headers: bearer(key) });
    expect((await listed(prefix))?.last_used_at).toBe(first);
    vi.useFakeTimers({ toFake: ["Date"], now: before + 400_000 });
    await callWith({}, "/types", { headers: bearer(key) });
    expect((await listed(prefix))?.last_used_at).toBe(new Date(before + 400_000).toISOString());
  });

  test("is made and revoked in the audit log's sight, which names makers and never keys", async () => {
    const admin = await createKey(["admin"], { name: "operator" });
    const body = JSON.stringify({ name: "made by a key", scopes: ["read"] });
    const headers = { ...bearer(admin.key), "Content-Type": "application/json" };
    const made = await bodyOf(
      await call("/admin/keys", { method: "POST", headers, body }),
      z.looseObject({ data: z.looseObject({ prefix: z.string(), created_by: z.string(), key: z.string() }) }),
      201,
    );
    expect(made.data.created_by).toBe(`key:${admin.prefix}`);
    await call(`/admin/keys/${made.data.prefix}`, { method: "DELETE", headers: bearer(admin.key) });
    const Audit = z.looseObject({ data: z.array(AuditEntrySchema) });
    const { data } = await read("/admin/audit?limit=10", Audit, ADMIN);
    const about = data.filter(({ target }) => target === made.data.prefix);
    expect(about.map(({ action, actor }) => [action, actor])).toEqual([
      ["key.revoke", `key:${admin.prefix}`],
      ["key.create", `key:${admin.prefix}`],
    ]);
    expect(JSON.stringify(data)).not.toContain(made.data.key.slice(-32));
  });

  test.each([
    [{ scopes: ["read"] }, "name"],
    [{ name: " ", scopes: ["read"] }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["write"] }, "scopes.0"],
    [{ name: "x", scopes: ["read"], tier: "gold" }, "tier"],
    [{ name: "x", scopes: ["read"], expires_at: "soon" }, "expires_at"],
    [{ name: "x", scopes: ["read"], expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ name: "x", scopes: ["read"], key: "mine" }, "key"],
  ])("is not made of %j", async (input, path) => {
    const { errors } = await problemOf(await send("POST", "/admin/keys", input), "request.invalid");
    expect(errors).toMatchObject([{ in: "body", path }]);
  });

  test("that no one made cannot be revoked", async () => {
    await problemOf(await send("DELETE", "/admin/keys/aaaaaaaa"), "route.not_found");
  });

  test("that is guessed at again and again is not even looked at", async () => {
    const from = newAddress();
    const guess = () => call("/types", { headers: { "CF-Connecting-IP": from, "X-API-Key": "wrong" } });
    let limited: Response | undefined;
    for (let i = 0; i < 6 && !limited; i++) {
      const responses = await Promise.all(Array.from({ length: 50 }, guess));
      limited = responses.find(({ status }) => status === 429);
    }
    if (!limited) throw new Error("300 guesses were looked at");
    expect(limited.headers.get("Retry-After")).toBe("10");
    await problemOf(limited, "rate_limit.exceeded");
  });
});

interface Route {
  method: string;
  path: string;
  address: string;
}

const EXAMPLES: Record<string, string> = {
  symbol: "AAPL",
  prefix: "aaaaaaaa",
  provider: "binance",
  service: "market-data",
  code: "internal",
};

async function documentedRoutes(): Promise<Route[]> {
  const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const { paths } = await read("/openapi.json", Document);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path,
      address: path.replace(/\{(\w+)\}/g, (_, name: string) => EXAMPLES[name] ?? "x"),
    })),
  );
}

/** As the wire contract has them. */
const PUBLIC = /^\/(?:health(?:\/\{service\})?|ready|openapi\.json|asyncapi\.json|problems\/\{code\})$/;

describe("without anonymous access every documented route", () => {
  let routes: Route[];
  const keys = new Map<Scope, string>();

  beforeAll(async () => {
    routes = await documentedRoutes();
    for (const scope of SCOPES) keys.set(scope, (await createKey([scope], { tier: "premium" })).key);
  });

  const guarded = () => routes.filter(({ path }) => !PUBLIC.test(path));
  const ask = ({ method, address }: Route, headers = {}) => callWith(CLOSED, address, { method, headers });

  test("is public exactly where the contract says so", async () => {
    expect(routes.length).toBeGreaterThan(25);
    for (const route of routes) {
      expect(accessOf(route.method, route.path) === "public", route.path).toBe(PUBLIC.test(route.path));
    }
    for (const route of routes.filter(({ path }) => PUBLIC.test(path))) expect((await ask(route)).status).toBe(200);
    for (const page of ["/", "/docs/"]) expect((await callWith(CLOSED, page)).status).toBe(200);
    await problemOf(await callWith(CLOSED, "/nothing-here"), "route.not_found");
  });

  test("answers 401 without a key, and HEAD does too", async () => {
    for (const route of guarded()) {
      const response = await ask(route);
      expect(response.headers.get("WWW-Authenticate"), route.path).toMatch(/^Bearer /);
      await problemOf(response, "auth.missing");
      if (route.method === "GET") expect((await ask({ ...route, method: "HEAD" })).status).toBe(401);
    }
  });

  test("answers 403 without the scope, and neither 401 nor 403 with it", async () => {
    for (const route of guarded()) {
      const access = accessOf(route.method, route.path);
      for (const [scope, key] of keys) {
        const response = await ask(route, bearer(key));
        const name = `${route.method} ${route.path} with ${scope}`;
        if (access === "any-key" || access === scope) expect([401, 403], name).not.toContain(response.status);
        else expect(response.status, name).toBe(403);
        await response.body?.cancel();
      }
    }
  });

  test("lets the admin token pass", async () => {
    await bodyOf(await callWith(CLOSED, "/quotes/JSE:NPN", { headers: ADMIN }), QuoteAnswer);
    expect((await callWith({ ...CLOSED, ADMIN_TOKEN: "" }, "/types", { headers: { "X-API-Key": "" } })).status).toBe(
      401,
    );
  });
});

test("a route that is missing from the table needs the most", () => {
  expect(accessOf("GET", "/forgotten")).toBe("admin");
  expect(accessOf("GET", "/__proto__")).toBe("admin");
});
