import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addressOf, calculate, call } from "./engine-client.ts";

/** Weeks of crypto: nothing closes while the tests run, but for one second in a week. */
const ADDRESS = addressOf("BTC/USDT", { interval: "1w", data_points: 5 });

describe("a read of indicators", () => {
  test.each([ADDRESS, "/indicators/available"])("has an entity tag over all but its times: %s", async (address) => {
    const first = await call(address);
    const text = await first.text();
    const second = await call(address, { headers: { "Cache-Control": "no-cache" } });
    const etag = first.headers.get("ETag");
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(second.headers.get("ETag")).toBe(etag);
    const rest = (body: string) => body.replace(/,"(?:calculation_time|timestamp)":[^{}]*\}$/, "");
    expect(rest(await second.text())).toBe(rest(text));
  });

  test.each([ADDRESS, "/indicators/available"])("is 304, without a body, for who has it: %s", async (address) => {
    const etag = (await call(address)).headers.get("ETag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await call(address, { headers: { "If-None-Match": tag } });
      expect(response.status, tag).toBe(304);
      expect(await response.text()).toBe("");
      expect(response.headers.get("ETag")).toBe(etag);
    }
    const other = await call(address, { headers: { "If-None-Match": '"other"' } });
    expect(other.status).toBe(200);
    await other.body?.cancel();
  });

  test("has another tag where another question is asked", async () => {
    const addresses = [
      ADDRESS,
      addressOf("BTC/USDT", { interval: "1w", data_points: 6 }),
      addressOf("ETH/USDT", { interval: "1w", data_points: 5 }),
      addressOf("BTC/USDT", { interval: "1w", data_points: 5, indicators: "RSI" }),
    ];
    const tags = await Promise.all(
      addresses.map(async (address) => (await call(address, { method: "HEAD" })).headers.get("ETag")),
    );
    expect(new Set(tags).size).toBe(addresses.length);
  });

  test.each([ADDRESS, "/indicators/available"])("answers HEAD with the headers of GET: %s", async (address) => {
    const get = await call(address);
    const head = await call(address, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    for (const name of ["ETag", "Cache-Control", "Content-Type"])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    await get.body?.cancel();
  });

  test("says how long it may be kept, and an answer with an open bar for a second at most", async () => {
    const age = async (address: string) => {
      const header = (await call(address, { method: "HEAD" })).headers.get("Cache-Control") ?? "";
      return Number(/^private, max-age=(\d+)$/.exec(header)?.[1]);
    };
    expect(await age(ADDRESS)).toBeLessThanOrEqual(60);
    expect(await age(`${ADDRESS}&include_open=true`)).toBeLessThanOrEqual(1);
  });

  test("carries the caller's correlation id", async () => {
    const response = await call(ADDRESS, { headers: { "X-Correlation-ID": "abc.123" } });
    expect(response.headers.get("X-Correlation-ID")).toBe("abc.123");
    await response.body?.cancel();
  });
});

describe("bad input gets an error that says what would be right", () => {
  const ProblemDetail = z.looseObject({ status: z.number(), detail: z.string() });

  test("where a parameter comes twice", async () => {
    const problem = ProblemDetail.parse(await (await call(`${ADDRESS}&data_points=6`)).json());
    expect(problem).toMatchObject({ status: 400, detail: "data_points must be given once." });
  });

  test.each([
    [{ symbol: 5 }, "symbol must be a symbol, such as BTC/USDT."],
    [{}, "symbol is missing; use one of symbol, symbols or candles."],
  ])("where no symbol is named: %j", async (body, detail) => {
    expect(ProblemDetail.parse(await (await calculate(body)).json())).toMatchObject({ status: 400, detail });
  });
});

test("a calculation is not kept by caches", async () => {
  const response = await calculate({ candles: [{ time: 1, close: 1 }], indicators: ["SMA:1"] });
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(response.headers.get("Content-Type")).toBe("application/json");
  await response.body?.cancel();
});

describe("the OpenAPI document", () => {
  const DocumentSchema = z.object({
    openapi: z.string(),
    paths: z.record(
      z.string(),
      z.record(
        z.string(),
        z.looseObject({
          operationId: z.string(),
          parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
          responses: z.record(z.string(), z.unknown()),
        }),
      ),
    ),
    components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
  });

  test("has the routes of indicators, with their parameters and problems", async () => {
    const { paths, components } = DocumentSchema.parse(await (await call("/openapi.json")).json());
    const get = paths["/indicators/{symbol}"].get;
    expect(get.parameters?.map(({ name }) => name).toSorted()).toEqual(
      [
        ...["symbol", "indicators", "interval", "data_points", "from", "to", "include_open", "include_candles"],
        ...["unit", "format", "time_format"],
      ].toSorted(),
    );
    expect(Object.keys(get.responses)).toEqual(
      expect.arrayContaining(["200", "304", "400", "404", "409", "422", "429", "503"]),
    );
    expect(Object.keys(paths["/indicators/available"].get.responses)).toEqual(expect.arrayContaining(["200", "304"]));
    expect(Object.keys(paths["/calculate"].post.responses)).toEqual(
      expect.arrayContaining(["200", "400", "404", "413", "415", "422"]),
    );
    for (const name of [
      "Indicators",
      "IndicatorMeta",
      "AvailableIndicators",
      "SymbolCalculation",
      "SymbolsCalculation",
      "OwnCalculation",
    ]) {
      expect(components.schemas, name).toHaveProperty(name);
    }
  });

  test.each(["indicator.unknown", "indicator.invalid_parameters", "indicator.not_enough_data"])(
    "is joined by a page on %s",
    async (code) => {
      const response = await call(`/problems/${code}`);
      expect(response.status).toBe(200);
      await response.body?.cancel();
    },
  );
});
