import { describe, expect, test } from "vitest";
import { providerOf, UPSTREAMS } from "../../providers/catalogue.ts";
import type { Provider } from "../../providers/provider.ts";
import { createContext, jsonResponse, listing } from "./stand-in.ts";

function enabled(name: (typeof UPSTREAMS)[number], env: object): Provider {
  const provider = providerOf(name, env);
  if ("disabled" in provider) throw new Error(provider.disabled);
  return provider;
}

/** The upstreams that the environment disables, each with the reason. */
const disabledUpstreams = (env: object) =>
  new Map(
    UPSTREAMS.flatMap((name) => {
      const provider = providerOf(name, env);
      return "disabled" in provider ? [[name, provider.disabled] as const] : [];
    }),
  );

describe("without any configuration", () => {
  test("crypto is served and what needs a key says which", () => {
    expect(enabled("binance", {}).name).toBe("binance");
    expect(enabled("coingecko", {}).capabilities.budget).toEqual({ perSecond: 1, perMinute: 5, perDay: null });
    expect(disabledUpstreams({})).toEqual(
      new Map([
        ["alpha_vantage", "ALPHA_VANTAGE_API_KEY is not set"],
        ["jse", "JSE_BASE_URL is not set"],
      ]),
    );
  });

  test("empty is the same as not set", () => {
    const empty = { BINANCE_BASE_URL: "", COINGECKO_PLAN: "", ALPHA_VANTAGE_API_KEY: " ", JSE_API_KEY: "" };
    expect([...disabledUpstreams(empty).keys()]).toEqual(["alpha_vantage", "jse"]);
  });

  test("imports and the simulator are no upstreams", () => {
    expect(providerOf("import", {})).toHaveProperty("disabled");
    expect(providerOf("simulator", {})).toHaveProperty("disabled");
  });
});

describe("what is wrong", () => {
  test.each([
    ["binance", { BINANCE_BASE_URL: "ftp://secret.example" }],
    ["binance", { BINANCE_BASE_URL: "secret" }],
    ["coingecko", { COINGECKO_PLAN: "secret" }],
    ["coingecko", { COINGECKO_PLAN: "pro" }],
    ["alpha_vantage", { ALPHA_VANTAGE_API_KEY: "secret", ALPHA_VANTAGE_CALLS_PER_MINUTE: "secret" }],
    ["jse", { JSE_BASE_URL: "https://secret.example" }],
  ] as const)("disables %s alone and is named without its value: %j", (name, env) => {
    const provider = providerOf(name, env);
    if (!("disabled" in provider)) throw new Error("it is enabled");
    expect(provider.disabled).toMatch(/^[A-Z_]+ /);
    expect(provider.disabled).not.toContain("secret");
  });

  test("never throws, whatever the environment holds", () => {
    const odd = { BINANCE_BASE_URL: 5, COINGECKO_API_KEY: {}, ALPHA_VANTAGE_API_KEY: null, JSE_HISTORY: true };
    for (const name of UPSTREAMS) expect(() => providerOf(name, odd)).not.toThrow();
  });
});

describe("what is configured", () => {
  test("is where the calls go, a slash at its end or not", async () => {
    const context = createContext(() => jsonResponse([]));
    const binance = enabled("binance", { BINANCE_BASE_URL: "http://127.0.0.1:9000/" });
    await binance.quotes([listing("BTC/USDT", "BTCUSDT")], context);
    expect(context.urls[0].href).toMatch(/^http:\/\/127\.0\.0\.1:9000\/api\/v3\/ticker\/24hr\?/);
  });

  test("a key without a plan is a free one of CoinGecko's", () => {
    expect(enabled("coingecko", { COINGECKO_API_KEY: "key" }).capabilities.budget.perMinute).toBe(30);
  });

  test("a paid plan of Alpha Vantage brings calls by the minute, bulk quotes and no delay", () => {
    const key = { ALPHA_VANTAGE_API_KEY: "key" };
    expect(enabled("alpha_vantage", key).capabilities).toMatchObject({
      batchSize: 1,
      delay: 900,
      budget: { perSecond: 1, perDay: 25 },
    });
    const paid = { ...key, ALPHA_VANTAGE_PLAN: "realtime", ALPHA_VANTAGE_CALLS_PER_MINUTE: 600 };
    expect(enabled("alpha_vantage", paid).capabilities).toMatchObject({
      batchSize: 100,
      delay: 0,
      budget: { perSecond: null, perMinute: 600, perDay: null },
    });
  });

  test("the JSE's history is there only where it is said to be", () => {
    const jse = { JSE_BASE_URL: "https://jse.example", JSE_API_KEY: "key" };
    expect(enabled("jse", jse).capabilities.intervals).toEqual({});
    expect(enabled("jse", { ...jse, JSE_HISTORY: "true" }).capabilities.intervals).toEqual({
      stock: ["1d"],
      etf: ["1d"],
    });
  });
});
