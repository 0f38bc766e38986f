import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { containsKey, redactKeys } from "../../../core/api-key.ts";
import { toCsv } from "../../../workers/http/csv.ts";
import { ADMIN, ADMIN_KEY, call, problemOf, read, SymbolWritten, send } from "../client.ts";
import { bearer, callWith, createKey } from "../keys.ts";

const KEY = "wz_abcdefgh_abcdefghijklmnopqrstuvwxyz234567";
const SECRET = KEY.slice(12);
const UPSTREAM_KEY = "upstream-key-8f2c91";

let logged: string[] = [];

beforeEach(() => {
  logged = [];
  for (const level of ["log", "error", "warn", "info", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...parts: unknown[]) => {
      logged.push(parts.map(String).join(" "));
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Everything that an answer says, and everything that was logged on its way. */
async function everythingOf(response: Response): Promise<string> {
  return [await response.text(), JSON.stringify([...response.headers]), ...logged].join("\n");
}

describe("a key that stands where none belongs", () => {
  test.each([
    `/quotes/${KEY}`,
    `/quotes/AAPL/${KEY}`,
    `/${KEY}`,
    `/symbols?search=${KEY}`,
    `/symbols?${KEY}=1`,
    `/symbols?limit=${KEY}`,
    `/symbols?cursor=${KEY}`,
    `/problems/${KEY}`,
    `/health/${KEY}`,
    `/v1/ohlcv/${KEY}`,
    `/quotes?symbols=AAPL,${KEY}`,
    `/docs/${KEY}.html`,
    `/quotes/${KEY.replaceAll("_", "%5F")}`,
    `/quotes/${KEY.replaceAll("_", "%255F")}`,
    `/quotes/${KEY.replaceAll("_", "%5F")}%ff`,
    `/quotes/${KEY.toUpperCase()}`,
  ])("in an address is refused, and repeated by no one: %s", async (path) => {
    const response = await call(path);
    const text = await everythingOf(response.clone());
    expect(text.toLowerCase()).not.toContain(SECRET);
    await problemOf(response, "auth.key_in_url");
  });

  test.each([`/quotes/${ADMIN_KEY}`, `/symbols?search=${ADMIN_KEY}`, `/${ADMIN_KEY}?x=1`])(
    "and is the admin token is refused too: %s",
    async (path) => {
      const response = await call(path);
      expect(await everythingOf(response.clone())).not.toContain(ADMIN_KEY);
      await problemOf(response, "auth.key_in_url");
    },
  );

  test.each(["X-Correlation-ID", "traceparent", "If-None-Match", "X-D1-Bookmark", "Origin", "User-Agent", "Referer"])(
    "in the header %s is not repeated",
    async (name) => {
      for (const path of ["/types", "/nothing-here", "/symbols?limit=0"]) {
        expect(await everythingOf(await call(path, { headers: { [name]: KEY } }))).not.toContain(SECRET);
      }
    },
  );

  test("in a body is not repeated by an error", async () => {
    const bodies = [
      { symbol: KEY, name: "x", type: KEY, primary_exchange: KEY, currency: KEY },
      { [KEY]: 1 },
      { symbols: [KEY], indicators: ["RSI"] },
      { symbol: "AAPL", indicators: [KEY], interval: KEY },
      { symbol: KEY, interval: "1d", rows: [{ line: 1, time: KEY, close: KEY }] },
    ];
    for (const path of ["/symbols", "/calculate", "/admin/import", "/admin/keys"]) {
      for (const body of bodies) {
        const response = await send("POST", path, body);
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(await everythingOf(response)).not.toContain(SECRET);
      }
    }
  });

  test("as a credential that is wrong is not repeated, nor is a right one", async () => {
    const made = await createKey(["read"]);
    for (const key of [KEY, made.key, ADMIN_KEY]) {
      for (const headers of [bearer(key), { "X-API-Key": key }, { Authorization: `Basic ${key}` }]) {
        for (const path of ["/types", "/quotes/NOSUCH", "/admin/keys", "/usage"]) {
          const text = await everythingOf(await callWith({}, path, { headers }));
          expect(text).not.toContain(key.startsWith("wz_") ? key.slice(12) : key);
        }
      }
    }
  });
});

test("what no one expected is answered without its text, and logged without keys", async () => {
  const STRANGE = Object({
    toString() {
      throw new TypeError(`unheard of, with ${KEY}`);
    },
  });
  const response = await callWith({ HUBS_PER_REGION: STRANGE }, "/ws", { headers: { Upgrade: "websocket" } });
  const text = await response.clone().text();
  await problemOf(response, "internal");
  expect(text).not.toMatch(/unheard|\.ts|at /);
  expect(logged.filter((line) => line.includes("unheard of"))).toHaveLength(1);
  expect(logged.join("\n")).not.toContain(SECRET);
});

test("the keys of upstreams stand in no answer", async () => {
  const bindings = {
    ...{ ALPHA_VANTAGE_API_KEY: UPSTREAM_KEY, COINGECKO_API_KEY: UPSTREAM_KEY, JSE_API_KEY: UPSTREAM_KEY },
    JSE_BASE_URL: `https://${UPSTREAM_KEY}.test`,
  };
  for (const path of ["/health", "/openapi.json", "/quotes/AAPL", "/admin/providers", "/admin/quotes/AAPL/trace"]) {
    expect(await everythingOf(await callWith(bindings, path, { headers: ADMIN }))).not.toContain(UPSTREAM_KEY);
  }
});

test("redaction leaves the public part, and what is no key as it was", () => {
  expect(redactKeys(`a ${KEY}, b ${KEY}!`)).toBe("a wz_abcdefgh_…, b wz_abcdefgh_…!");
  expect(redactKeys("wz_abc_def, symbols:z_")).toBe("wz_abc_def, symbols:z_");
  expect([containsKey(`x${KEY}x`), containsKey(KEY.slice(0, -1)), containsKey("")]).toEqual([true, false, false]);
});

describe("input that is too long", () => {
  test("is refused by name where it is a header", async () => {
    const { errors } = await problemOf(
      await call("/types", { headers: { Cookie: "x".repeat(8_193) } }),
      "request.invalid",
    );
    expect(errors).toEqual([{ in: "header", path: "cookie", message: "must be at most 8192 characters" }]);
  });

  test("is refused where it is an address, or a crowd of headers", async () => {
    await problemOf(await call(`/symbols?search=${"x".repeat(16_400)}`), "request.invalid");
    const headers = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`X-Header-${i}`, "x"]));
    await problemOf(await call("/types", { headers }), "request.invalid");
  });
});

test.each([
  ["/symbols?limt=5", "limit"],
  ["/symbols?exchanges=JSE", "exchange"],
  ["/ohlcv/AAPL?intervall=1d", "interval"],
  ["/quotes/AAPL?maxage=60", "max_age"],
  ["/quotes?symbol=AAPL&symbols=AAPL", "symbols"],
  ["/indicators/AAPL?data_point=5", "data_points"],
  ["/v1/types?details=true", "detail"],
])("an unknown query parameter is refused with the one that was meant: %s", async (path, meant) => {
  const { errors } = await problemOf(await call(path), "request.invalid");
  expect(errors?.[0].message).toBe(`is not a parameter of this route; did you mean ${meant}?`);
});

test("no text of a CSV is a formula, and none breaks its row", () => {
  const rows = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", 'a"b', "a,b", "a\nb", "plain", ""].map((text) => ({
    text,
    n: -1.5,
  }));
  expect(toCsv(["text", "n"], rows).split(",-1.5\n")).toEqual([
    "text,n\n'=1+1",
    ...["'+1", "'-1", "'@x", "'\tx", `"'\rx"`, '"a""b"', '"a,b"', '"a\nb"', "plain", "", ""],
  ]);
  expect(toCsv(["a", "b"], [{ a: null, b: true }])).toBe("a,b\n,true\n");
});

describe("CORS", () => {
  test("names only configured origins, and never lets credentials go to any", async () => {
    const from = (origin: string, CORS_ORIGINS: string) =>
      callWith({ CORS_ORIGINS }, "/types", { headers: { Origin: origin } });
    const ours = await from("https://ours.test", "https://ours.test, https://also.test");
    expect(ours.headers.get("Access-Control-Allow-Origin")).toBe("https://ours.test");
    expect(ours.headers.get("Vary")?.split(/, */)).toEqual(["Accept-Encoding", "Origin"]);
    for (const [origin, configured] of [
      ["https://theirs.test", "https://ours.test"],
      ["https://ours.test.evil.test", "https://ours.test"],
      ["null", ""],
    ]) {
      expect((await from(origin, configured)).headers.get("Access-Control-Allow-Origin")).toBeNull();
    }
    for (const answer of [ours, await from("https://theirs.test", "*")]) {
      expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    }
  });
});

test("a symbol's text is never markup: answers are JSON that browsers do not sniff", async () => {
  const html = "<script>alert(1)</script>";
  const made = await send("POST", "/symbols", {
    ...{ symbol: "MARKUP", name: html, type: "stock", primary_exchange: "NYSE", currency: "USD" },
  });
  expect(
    SymbolWritten.extend({ data: z.looseObject({ name: z.literal(html) }) }).parse(await made.json()),
  ).toBeTruthy();
  const response = await call("/symbols/MARKUP");
  expect(response.headers.get("Content-Type")).toBe("application/json");
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  const missing = await call(`/${encodeURIComponent(html)}`);
  expect(missing.headers.get("Content-Type")).toBe("application/problem+json");
  await read("/types", z.looseObject({}));
});
