import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ADMIN, call, problemOf } from "../client.ts";
import { bearer, createKey } from "../keys.ts";

const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
});

const VALUES: Readonly<Record<string, string>> = {
  symbol: "BTC%2FUSDT",
  code: "symbol.not_found",
  service: "market-data",
  provider: "binance",
  prefix: "abcdefgh",
};

/** Every GET of the document, with something in place of what it names. */
async function reads(): Promise<string[]> {
  const { paths } = Document.parse(await (await call("/openapi.json")).json());
  const found = Object.entries(paths).filter(
    ([path, methods]) => methods.get && !/^\/(?:ws|stream)(?:\/|$)/.test(path),
  );
  return found.map(([path]) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? "x");
    return filled === "/quotes" ? "/quotes?symbols=AAPL" : filled;
  });
}

const cacheOf = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
  const response = await call(path, { headers });
  await response.arrayBuffer();
  return response.headers.get("Cache-Control") ?? "nothing";
};

describe("an answer", () => {
  test("that a credential was sent for is never left to shared caches", async () => {
    const { key } = await createKey(["read", "stream"]);
    const paths = await reads();
    expect(paths.length).toBeGreaterThan(20);
    for (const path of paths) {
      for (const headers of [ADMIN, bearer(key), { "X-API-Key": "wrong" }]) {
        expect(await cacheOf(path, headers), path).toMatch(/\b(?:private|no-store)\b/);
      }
    }
  });

  test("that only administrators may read is not kept at all, nor is a refusal of it", async () => {
    for (const path of (await reads()).filter((each) => each.startsWith("/admin/"))) {
      for (const headers of [ADMIN, {}]) expect(await cacheOf(path, headers), path).toBe("no-store");
    }
  });

  test("always says something of caches, and what it depends on", async () => {
    for (const path of await reads()) {
      const response = await call(path);
      await response.arrayBuffer();
      expect(response.headers.get("Cache-Control"), path).toMatch(/no-store|no-cache|max-age=\d+/);
      const isTable = response.ok && /^\/(?:quotes|ohlcv|indicators)\b(?!\/available)/.test(path);
      expect(response.headers.get("Vary"), path).toBe(`${isTable ? "Accept, " : ""}Accept-Encoding, Origin`);
    }
  });

  test("of 304 carries the headers that 200 would (RFC 9110, section 15.4.5)", async () => {
    for (const path of ["/ohlcv/AAPL?to=2026-11-20&interval=1d", "/symbols?limit=3", "/types", "/openapi.json"]) {
      const full = await call(path);
      await full.arrayBuffer();
      const again = await call(path, { headers: { "If-None-Match": full.headers.get("ETag") ?? "" } });
      expect(again.status, path).toBe(304);
      for (const name of ["Cache-Control", "ETag", "Vary", "Link", "Cache-Status"]) {
        if (name === "Cache-Status") expect(again.headers.has(name)).toBe(full.headers.has(name));
        else expect(again.headers.get(name), `${path} ${name}`).toBe(full.headers.get(name));
      }
    }
  });
});

describe("OPTIONS", () => {
  test.each([
    ["/quotes/BTC/USDT", "GET, HEAD, OPTIONS"],
    ["/v1/symbols", "GET, HEAD, OPTIONS, POST"],
    ["/symbols/AAPL", "DELETE, GET, HEAD, OPTIONS, PUT"],
    ["/calculate", "OPTIONS, POST"],
  ])("of %s says which methods it takes, as a preflight and plain", async (path, methods) => {
    const preflight = { Origin: "https://pages.example", "Access-Control-Request-Method": "GET" };
    for (const headers of [{}, preflight]) {
      const response = await call(path, { method: "OPTIONS", headers });
      expect(response.status).toBe(204);
      expect(response.headers.get("Allow")).toBe(methods);
    }
  });

  test.each(["/", "/docs/", "/docs/swagger-ui.css"])(
    "of the page or file %s says that it can be read alone",
    async (path) => {
      const response = await call(path, { method: "OPTIONS" });
      expect([response.status, response.headers.get("Allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
      for (const method of ["POST", "PUT", "DELETE"]) {
        const refused = await call(path, { method, headers: ADMIN });
        await problemOf(refused, "route.method_not_allowed");
        expect(refused.headers.get("Allow")).toBe("GET, HEAD, OPTIONS");
      }
      const read = await call(path);
      await read.arrayBuffer();
      expect(read.status).toBe(200);
    },
  );

  test("of nothing is 404", async () => {
    expect((await call("/nothing/here", { method: "OPTIONS" })).status).toBe(404);
  });
});
