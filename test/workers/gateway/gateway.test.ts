import { describe, expect, test } from "vitest";
import { z } from "zod";
import { PROBLEMS, type ProblemCode } from "../../../contracts/problem.ts";
import { ADMIN, bodyOf, call, newAddress, ORIGIN, problemOf, read, SymbolsAnswer, send } from "../client.ts";

const SECURITY_HEADERS: Record<string, RegExp> = {
  "X-Content-Type-Options": /^nosniff$/,
  "X-Frame-Options": /^DENY$/,
  "Strict-Transport-Security": /max-age=\d+/,
  "Referrer-Policy": /no-referrer/,
  "Content-Security-Policy": /default-src 'self'.*frame-ancestors 'none'/,
  "Cross-Origin-Resource-Policy": /^cross-origin$/,
};

/** Every read of the API, with whatever it needs to answer. */
const READS = [
  ...["/symbols", "/symbols/streaming/available", "/symbols/AAPL", "/symbols/AAPL/validate", "/exchanges", "/types"],
  ...["/quotes/BTC/USDT", "/quotes?symbols=AAPL", "/ohlcv/BTC/USDT?limit=1", "/health", "/health/market-data"],
  ...["/ready", "/problems/internal", "/openapi.json"],
];

describe("every answer", () => {
  test.each([...READS, "/", "/docs/", "/nothing-here", "/quotes/NOSUCH", "/symbols?limit=0"])(
    "carries security headers, CORS and a correlation id: %s",
    async (path) => {
      const response = await call(path, { headers: { Origin: "https://elsewhere.test" } });
      await response.text();
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        expect(response.headers.get(name) ?? "", name).toMatch(value);
      }
      expect(response.headers.get("X-Correlation-ID")).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
      expect(response.headers.get("Access-Control-Expose-Headers")).toContain("X-Correlation-ID");
      expect(response.headers.get("X-Powered-By")).toBeNull();
    },
  );

  test.each(["a", "A-b_c.9", "x".repeat(128)])("echoes a correlation id that is usable: %s", async (id) => {
    for (const path of ["/types", "/nothing-here", "/"]) {
      const response = await call(path, { headers: { "X-Correlation-ID": id } });
      await response.text();
      expect(response.headers.get("X-Correlation-ID")).toBe(id);
    }
  });

  test.each(["x".repeat(129), "a b", "a;b", "<script>", "a/b", '"'])("replaces one that is not: %s", async (id) => {
    const response = await call("/types", { headers: { "X-Correlation-ID": id } });
    expect(response.headers.get("X-Correlation-ID")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("with an error repeats the correlation id in its body", async () => {
    const headers = { "X-Correlation-ID": "mine-1" };
    expect((await problemOf(await call("/nothing-here", { headers }), "route.not_found")).correlation_id).toBe(
      "mine-1",
    );
  });
});

describe("an address that nothing answers", () => {
  test.each([
    "/nothing-here",
    "/quotes/",
    "/quotes/A/B/C",
    "/symbols/A/B/C/validate",
    "/v2/quotes",
    "/docs/nothing",
    "/.env",
    "/ohlcv",
  ])("is not found: %s", async (path) => {
    const problem = await problemOf(await call(path), "route.not_found");
    expect(problem.instance).toBe(path);
  });

  test.each([
    "//",
    "//elsewhere.test/docs/",
    "//[",
    "///",
    "/\\",
    "//:0",
    "/%2F%2F",
    "/docs%2F",
    "/%00",
    "/%",
    "/%ff",
    "/a//b",
  ])("is not found, however odd: %s", async (path) => {
    const response = await call(path);
    if (response.status >= 300 && response.status < 400) {
      expect(new URL(response.headers.get("Location") ?? "", ORIGIN).origin).toBe(ORIGIN);
    } else await problemOf(response, "route.not_found");
  });
});

describe("a method that an address does not take", () => {
  test.each([
    ["POST", "/quotes/AAPL", "GET, HEAD, OPTIONS"],
    ["DELETE", "/quotes/BTC/USDT", "GET, HEAD, OPTIONS"],
    ["PUT", "/symbols", "GET, HEAD, OPTIONS, POST"],
    ["PATCH", "/symbols/AAPL", "DELETE, GET, HEAD, OPTIONS, PUT"],
    ["PATCH", "/symbols/BTC/USDT", "DELETE, GET, HEAD, OPTIONS, PUT"],
    ["POST", "/symbols/AAPL/streaming", "OPTIONS, PUT"],
    ["GET", "/admin/import", "OPTIONS, POST"],
    ["HEAD", "/admin/import", "OPTIONS, POST"],
    ["DELETE", "/v1/exchanges", "GET, HEAD, OPTIONS"],
    ["POST", "/openapi.json", "GET, HEAD, OPTIONS"],
    ["POST", "/health", "GET, HEAD, OPTIONS"],
  ])("is refused with the methods that it takes: %s %s", async (method, path, allow) => {
    const response = await call(path, { method });
    expect(response.headers.get("Allow")).toBe(allow);
    if (method === "HEAD") expect(response.status).toBe(405);
    else await problemOf(response, "route.method_not_allowed");
  });

  test("on a page is refused too", async () => {
    for (const path of ["/", "/docs/", "/nothing-here"]) {
      const response = await call(path, { method: "POST" });
      expect([404, 405]).toContain(response.status);
      expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    }
  });
});

describe("an unknown query parameter", () => {
  test.each(READS)("is refused by name: %s", async (path) => {
    const separator = path.includes("?") ? "&" : "?";
    const { errors, detail } = await problemOf(await call(`${path}${separator}colour=red`), "request.invalid");
    expect(errors).toEqual([{ in: "query", path: "colour", message: "is not a parameter of this route" }]);
    expect(detail).toContain("colour");
  });

  test("is refused on writes too", async () => {
    for (const [method, path] of [
      ["DELETE", "/symbols/AAPL?force=true"],
      ["PUT", "/symbols/AAPL/streaming?available=true&force=true"],
    ]) {
      const { errors } = await problemOf(await send(method, path), "request.invalid");
      expect(errors).toMatchObject([{ in: "query", path: "force" }]);
    }
  });
});

describe("a key in an address", () => {
  test.each(["key", "api_key", "apikey", "apiKey", "token", "access_token", "X-API-Key", "API-KEY"])(
    "is refused wherever it stands: %s",
    async (name) => {
      for (const path of ["/quotes/AAPL", "/", "/nothing-here", "/health", "/v1/symbols"]) {
        const problem = await problemOf(await call(`${path}?${name}=secret-value`), "auth.key_in_url");
        expect(JSON.stringify(problem)).not.toContain("secret-value");
      }
    },
  );

  test("is refused although the headers carry a good one", async () => {
    await problemOf(await call("/symbols?token=x", { headers: ADMIN }), "auth.key_in_url");
  });
});

describe("CORS", () => {
  test("a preflight is answered before anything else, for writes and reads", async () => {
    for (const path of ["/symbols", "/quotes/BTC/USDT", "/admin/import", "/nothing-here"]) {
      const response = await call(path, {
        method: "OPTIONS",
        headers: {
          Origin: "https://elsewhere.test",
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(response.headers.get("Access-Control-Allow-Methods")).toBe("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS");
      const allowed = (response.headers.get("Access-Control-Allow-Headers") ?? "").toLowerCase().split(",");
      for (const name of [
        ...["authorization", "content-type", "idempotency-key", "if-none-match", "x-api-key", "x-correlation-id"],
        ...["cache-control", "traceparent"],
      ]) {
        expect(allowed).toContain(name);
      }
      expect(response.headers.get("Access-Control-Max-Age")).toBe("86400");
    }
  });
});

describe("one route table", () => {
  test.each(["", "/v1", "/api/market-data", "/api/symbols", "/api/indicators", "/api/streaming"])(
    "is served under %j",
    async (prefix) => {
      expect((await call(`${prefix}/quotes/BTC/USDT`)).status).toBe(200);
      expect((await call(`${prefix}/quotes/BTC%2FUSDT`)).status).toBe(200);
      expect((await call(`${prefix}/ohlcv/NPN.JO?limit=1`)).status).toBe(200);
      expect((await read(`${prefix}/symbols?limit=1`, SymbolsAnswer)).count).toBe(1);
      expect((await call(`${prefix}/health`)).status).toBe(200);
      expect((await call(`${prefix}/symbols/BTC/USDT/validate`)).status).toBe(200);
      await problemOf(await call(`${prefix}/nothing-here`), "route.not_found");
      await problemOf(await call(`${prefix}/symbols`, { method: "POST" }), "auth.missing");
    },
  );

  test("links stay under the prefix that was asked", async () => {
    const response = await call("/v1/symbols?limit=1");
    expect(response.headers.get("Link")).toMatch(/^<\/v1\/symbols\?limit=1&cursor=[\w-]+>; rel="next"$/);
  });

  test("a prefix is one only at the beginning and as a whole", async () => {
    for (const path of [
      "/v1/v1/symbols",
      "/v11/symbols",
      "/api/symbols/v1/types",
      "/api/other/symbols",
      "/symbols/v1/types",
    ]) {
      expect((await call(path)).status, path).toBe(404);
    }
  });
});

const state = z.enum(["healthy", "degraded", "unhealthy", "not_available"]);

describe("health", () => {
  const Health = z.object({
    status: z.literal("healthy"),
    service: z.string(),
    services: z.object({
      "market-data": state,
      "symbol-registry": state,
      "indicator-engine": state,
      streaming: state,
    }),
    checks: z.object({
      d1: state,
      kv: state,
      durable_objects: state,
      providers: z.record(z.string(), z.object({ status: state, detail: z.string().nullable() })),
    }),
    mode: z.literal("demo"),
    version: z.string().regex(/^\d+\.\d+\.\d+/),
    timestamp: z.iso.datetime({ precision: 3 }),
  });

  test("says the state of services and stores, and is not to be kept", async () => {
    const response = await call("/health");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const health = await bodyOf(response, Health);
    expect(health.services).toMatchObject({ "market-data": "healthy", "symbol-registry": "healthy" });
    expect(health.checks).toEqual({
      ...{ d1: "healthy", kv: "healthy", durable_objects: "healthy" },
      providers: { simulator: { status: "healthy", detail: null } },
    });
  });

  test.each(["market-data", "symbol-registry", "indicator-engine", "streaming"])(
    "says the state of %s",
    async (service) => {
      const One = z.object({ status: state, service: z.literal(service), version: z.string(), timestamp: z.string() });
      await read(`/health/${service}`, One);
    },
  );

  test("of a service that is none is not found", async () => {
    await problemOf(await call("/health/redis"), "route.not_found");
    await problemOf(await call("/health/__proto__"), "route.not_found");
  });

  test("readiness is a plain yes", async () => {
    expect(await read("/ready", z.object({ ready: z.boolean(), timestamp: z.string() }))).toMatchObject({
      ready: true,
    });
  });
});

describe("GET /problems/{code}", () => {
  const Explanation = z.object({
    success: z.literal(true),
    data: z.object({ code: z.string(), status: z.number(), title: z.string(), explanation: z.string().min(20) }),
    timestamp: z.string(),
  });

  test.each(Object.keys(PROBLEMS) as ProblemCode[])("explains %s", async (code) => {
    const { data } = await read(`/problems/${code}`, Explanation);
    expect(data).toEqual({ code, ...PROBLEMS[code] });
  });

  test.each(["nothing", "__proto__", "constructor", "toString", "symbol"])("does not know %s", async (code) => {
    await problemOf(await call(`/problems/${code}`), "route.not_found");
  });

  // The codes and statuses of the wire contract that are served so far.
  test.each<[ProblemCode, number]>([
    ["request.invalid", 400],
    ["request.too_large", 413],
    ["request.unsupported_media_type", 415],
    ["request.upgrade_required", 426],
    ["request.idempotency_conflict", 422],
    ["auth.missing", 401],
    ["auth.invalid", 401],
    ["auth.forbidden", 403],
    ["auth.key_in_url", 400],
    ["route.not_found", 404],
    ["route.method_not_allowed", 405],
    ["symbol.not_found", 404],
    ["symbol.ambiguous", 409],
    ["symbol.exists", 409],
    ["symbol.inactive", 410],
    ["quote.too_old", 503],
    ["quote.unavailable", 503],
    ["candles.unavailable", 503],
    ["rate_limit.exceeded", 429],
    ["internal", 500],
  ])("%s is %i", (code, status) => {
    expect(PROBLEMS[code].status).toBe(status);
  });
});

describe("the pages", () => {
  test.each(["/", "/docs/"])("%s is HTML that loads nothing from elsewhere", async (path) => {
    const response = await call(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
    const html = await response.text();
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test("/docs leads to /docs/", async () => {
    const response = await call("/docs");
    expect([200, 301, 302, 307, 308]).toContain(response.status);
    if (response.status !== 200) expect(response.headers.get("Location")).toMatch(/^(https:\/\/edge\.test)?\/docs\/$/);
  });

  test("answer HEAD and conditional requests", async () => {
    const head = await call("/", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    const etag = head.headers.get("ETag") ?? "";
    expect(etag).not.toBe("");
    expect((await call("/", { headers: { "If-None-Match": etag } })).status).toBe(304);
  });
});

describe("a caller without a key", () => {
  test("gets a burst of 100 requests in ten seconds, then 429 that says when to go on", async () => {
    const from = { headers: { "CF-Connecting-IP": newAddress() } };
    let limited: Response | undefined;
    for (let i = 0; i < 6 && !limited; i++) {
      const responses = await Promise.all(Array.from({ length: 50 }, () => call("/types", from)));
      expect(responses.every(({ status }) => status === 200 || status === 429)).toBe(true);
      if (i === 0) expect(responses.every(({ status }) => status === 200)).toBe(true);
      limited = responses.find(({ status }) => status === 429);
    }
    if (!limited) throw new Error("the guard let 300 requests pass");
    expect(limited.headers.get("Retry-After")).toBe("10");
    expect(limited.headers.get("RateLimit")).toBe('"burst";r=0;t=10');
    expect(limited.headers.get("RateLimit-Policy")).toBe('"burst";q=100;w=10, "minute";q=600;w=60');
    expect(limited.headers.get("Access-Control-Allow-Origin")).toBe("*");
    await problemOf(limited, "rate_limit.exceeded");

    // Health, other addresses and those with a key go on.
    expect((await call("/health", from)).status).toBe(200);
    expect((await call("/ready", from)).status).toBe(200);
    expect((await call("/types")).status).toBe(200);
    expect((await call("/types", { headers: { ...from.headers, ...ADMIN } })).status).toBe(200);
  });
});
