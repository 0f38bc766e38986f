import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { DEPRECATIONS, deprecations } from "../../../workers/gateway/middleware/deprecation.ts";
import type { AppEnv } from "../../../workers/service.ts";
import { call } from "../client.ts";

describe("a deprecated address", () => {
  test("answers as it always did, and says since when and until when", async () => {
    const response = await call("/api/market-data/quotes/BTC/USDT");
    expect(response.status).toBe(200);
    const [{ since, sunset }] = DEPRECATIONS;
    // RFC 9745, section 2.1: a date as a structured field; RFC 8594, section 3: an HTTP date.
    expect(response.headers.get("Deprecation")).toBe(`@${Date.parse(since) / 1000}`);
    expect(response.headers.get("Sunset")).toBe(new Date(sunset).toUTCString());
    expect(response.headers.get("Link")).toContain('rel="deprecation"');
  });

  test("says so with its errors too, and beside the links that it has", async () => {
    const error = await call("/api/symbols/symbols/NOSUCH");
    expect(error.status).toBe(404);
    expect(error.headers.get("Sunset")).not.toBeNull();
    const page = await call("/api/symbols/symbols?limit=1");
    expect(page.headers.get("Link")).toMatch(/rel="next".*rel="deprecation"/);
  });

  test("is none of those that stay", async () => {
    for (const path of ["/quotes/BTC/USDT", "/v1/quotes/BTC/USDT", "/symbols?search=/api/"]) {
      const response = await call(path);
      expect(response.headers.get("Deprecation"), path).toBeNull();
      expect(response.headers.get("Sunset"), path).toBeNull();
    }
  });

  test("is whatever the table says", async () => {
    const app = new Hono<AppEnv>();
    app.use(deprecations([{ prefix: "/old", since: "2026-01-02T03:04:05Z", sunset: "2027-01-02T03:04:05Z" }]));
    app.get("/*", (c) => c.text("ok"));
    const old = await app.request("https://edge.test/old/thing");
    expect(old.headers.get("Deprecation")).toBe("@1767323045");
    expect(old.headers.get("Sunset")).toBe("Sat, 02 Jan 2027 03:04:05 GMT");
    expect((await app.request("https://edge.test/new/old")).headers.get("Sunset")).toBeNull();
  });

  test("goes later than it is deprecated", () => {
    for (const { since, sunset } of DEPRECATIONS) expect(Date.parse(sunset)).toBeGreaterThan(Date.parse(since));
  });
});
