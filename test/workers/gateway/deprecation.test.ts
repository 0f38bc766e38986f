import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { DEPRECATIONS, deprecations } from "../../../workers/gateway/middleware/deprecation.ts";
import type { AppEnv } from "../../../workers/http/service.ts";
import { call } from "../client.ts";

describe("an address of the earlier platform", () => {
  test("answers as its successor does, and names it", async () => {
    const response = await call("/api/market-data/quotes/BTC/USDT?max_age=60");
    expect(response.status).toBe(200);
    // RFC 9745, section 2.1: a date as a structured field.
    expect(response.headers.get("Deprecation")).toBe(`@${Date.parse(DEPRECATIONS[0].since) / 1000}`);
    expect(response.headers.get("Link")).toContain('</v1/quotes/BTC/USDT>; rel="successor-version"');
    expect(response.headers.get("Link")).toContain('rel="deprecation"');
    expect((await call("/v1/quotes/BTC/USDT?max_age=60")).status).toBe(200);
  });

  test("stays: nothing says when it goes", async () => {
    for (const path of [
      "market-data/quotes/JSE:NPN",
      "symbols/types",
      "indicators/indicators/available",
      "streaming/status",
    ]) {
      const response = await call(`/api/${path}`);
      expect(response.status, path).toBe(200);
      expect(response.headers.get("Deprecation"), path).not.toBeNull();
      expect(response.headers.get("Sunset"), path).toBeNull();
    }
  });

  test("says so with its errors too, and beside the links that it has", async () => {
    const error = await call("/api/symbols/symbols/NOSUCH");
    expect(error.status).toBe(404);
    expect(error.headers.get("Deprecation")).not.toBeNull();
    const page = await call("/api/symbols/symbols?limit=1");
    expect(page.headers.get("Link")).toMatch(/rel="next".*rel="successor-version".*rel="deprecation"/);
  });

  test("is none of the others", async () => {
    for (const path of ["/quotes/BTC/USDT", "/v1/quotes/BTC/USDT", "/symbols?search=/api/symbols/", "/api/none"]) {
      expect((await call(path)).headers.get("Deprecation"), path).toBeNull();
    }
  });
});

describe("an address that will go", () => {
  const app = new Hono<AppEnv>();
  const dates = { since: "2026-01-02T03:04:05Z", sunset: "2027-01-02T03:04:05Z" };
  app.use(deprecations([{ beginning: /^\/old(?=\/|$)/, successor: "/new", ...dates }]));
  app.get("/*", (c) => c.text("ok"));

  test("says when", async () => {
    const old = await app.request("https://edge.test/old/thing?x=1");
    expect(old.headers.get("Deprecation")).toBe("@1767323045");
    // RFC 8594, section 3: an HTTP date.
    expect(old.headers.get("Sunset")).toBe("Sat, 02 Jan 2027 03:04:05 GMT");
    expect(old.headers.get("Link")).toContain('</new/thing>; rel="successor-version"');
    for (const path of ["/new/old", "/older"]) {
      expect((await app.request(`https://edge.test${path}`)).headers.get("Sunset"), path).toBeNull();
    }
  });

  test("warns at least a year before", () => {
    for (const { since, sunset } of DEPRECATIONS) {
      if (sunset !== null) expect(Date.parse(sunset) - Date.parse(since)).toBeGreaterThanOrEqual(365 * 86_400_000);
    }
    expect(DEPRECATIONS).not.toEqual([]);
  });
});
