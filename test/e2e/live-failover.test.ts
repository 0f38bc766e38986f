import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { QuoteSchema } from "../../contracts/quote.ts";
import { priceOf } from "../../tools/fakes/prices.ts";
import { type Fakes, startFakes } from "../../tools/fakes/start.ts";
import {
  eventually,
  HealthSchema,
  ProvidersSchema,
  QuoteAnswerSchema,
  readJson,
  TraceAnswerSchema,
} from "./live-answers.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

describe("live mode with the two providers that need no key", () => {
  const folder = dataFolder();
  let fakes: Fakes;
  let platform: Platform;

  beforeAll(async () => {
    fakes = await startFakes();
    platform = await startPlatform(folder, {
      ...fakes.variables,
      MARKET_MODE: "live",
      ALPHA_VANTAGE_API_KEY: "",
      JSE_BASE_URL: "nowhere",
    });
  });

  afterAll(async () => {
    await platform?.stop();
    await fakes?.close();
    removeFolder(folder);
  });

  test("starts; each provider that is switched off says why in one line, and the platform is well", async () => {
    const { status, checks } = await readJson(platform, "/health", HealthSchema);
    expect(checks.providers).toEqual({
      binance: { status: "healthy", detail: null },
      coingecko: { status: "healthy", detail: null },
      alpha_vantage: { status: "not_available", detail: "ALPHA_VANTAGE_API_KEY is not set" },
      jse: { status: "not_available", detail: "JSE_BASE_URL is not an address that begins with https:// or http://" },
    });
    expect(status).toBe("healthy");
  });

  test("serves what the others have, and answers 503 for the rest", async () => {
    expect((await readJson(platform, "/quotes/BTC/USDT", QuoteAnswerSchema)).data.provider).toBe("binance");
    const response = await fetch(`${platform.url}/quotes/AAPL`, { headers: AS_ADMIN });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "quote.unavailable" });
    const traced = await readJson(platform, "/admin/quotes/AAPL/trace", TraceAnswerSchema);
    expect(traced.data.attempts).toMatchObject([
      { provider: "alpha_vantage", outcome: "failed", reason: "not_configured" },
    ]);
  });

  test("a failing source yields to the next one, says so, and takes over again when it is well", async () => {
    const ask = async () => (await readJson(platform, "/quotes/ETH/USDT?max_age=5", QuoteAnswerSchema)).data;
    const before = await ask();
    expect(before).toMatchObject({ provider: "binance", price_basis: "exchange", currency: "USDT" });

    await fakes.misbehave("binance", [{ kind: "server_error" }]);
    const asideAsked = async () => {
      const response = await fetch(`${platform.url}/quotes/ETH/USDT?max_age=2`, { headers: AS_ADMIN });
      const body = z.object({ data: QuoteSchema.optional() }).parse(await response.json());
      return body.data ?? null;
    };
    const aside = await eventually(30, asideAsked, (quote) => quote?.provider === "coingecko");
    if (!aside) throw new Error("there is no quote");
    expect(aside).toMatchObject({ price_basis: "index", currency: "USD", price_unit: "USD", simulated: false });
    expect(aside.price).toBe(priceOf("ETH", Date.parse(aside.timestamp) / 1000));

    const traced = await readJson(platform, "/admin/quotes/ETH/USDT/trace", TraceAnswerSchema);
    expect(traced.data.sources).toEqual(["binance", "coingecko"]);
    expect(traced.data.attempts).toMatchObject([
      { provider: "binance", outcome: "failed", reason: "server_error" },
      { provider: "coingecko", outcome: "answered", reason: null },
    ]);

    // Quotes are asked for until enough have failed for the breaker to open.
    const binance = await eventually(
      30,
      async () => {
        await asideAsked();
        const { data } = await readJson(platform, "/admin/providers", ProvidersSchema);
        return data.find(({ provider }) => provider === "binance");
      },
      (status) => status?.families.quotes?.breaker === "open",
    );
    expect(binance).toMatchObject({ state: "degraded", families: { quotes: { last_failure_reason: "server_error" } } });
    const health = await eventually(
      30,
      async () => {
        await asideAsked();
        return readJson(platform, "/health", HealthSchema);
      },
      ({ checks }) => checks.providers.binance.status === "degraded",
    );
    expect(health.status).toBe("degraded");
    expect(health.checks.providers.binance.detail).toBe("some of its endpoints do not answer");

    await fakes.misbehave("binance", []);
    const after = await eventually(60, asideAsked, (quote) => quote?.provider === "binance");
    if (!after) throw new Error("there is no quote");
    expect(after.price).toBe(priceOf("ETH", Date.parse(after.timestamp) / 1000));
    expect(after.seq).toBeGreaterThan(aside.seq);
    await eventually(
      10,
      () => readJson(platform, "/health", HealthSchema),
      ({ status }) => status === "healthy",
    );
  });
});
