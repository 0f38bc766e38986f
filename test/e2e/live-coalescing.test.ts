import { Agent, request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { QuoteSchema } from "../../contracts/quote.ts";
import { type BundledWorker, startBundledWorker, WITH_TOKEN } from "../../tools/bundled-worker.ts";
import { priceOf } from "../../tools/fakes/prices.ts";
import { type Fakes, startFakes } from "../../tools/fakes/start.ts";

const SYMBOLS = 100;
const REQUESTS = 1_000;
/** Symbols that one call to Binance may name. */
const BATCH_SIZE = 20;

/** Two more than the fewest, since requests over HTTP do not arrive all at once. */
const MAX_CALLS = Math.ceil(SYMBOLS / BATCH_SIZE) + 2;

const AnswerSchema = z.object({ data: QuoteSchema });

const CODES = Array.from({ length: SYMBOLS }, (_, i) => `A${String(i).padStart(3, "0")}`);

/** Asks without the weight of `fetch`, so that the requests arrive as close together as one client can make them. */
function ask(agent: Agent, url: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers: WITH_TOKEN }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("end", () => resolve({ status: response.statusCode, text }));
    });
    asked.once("error", reject);
    asked.end();
  });
}

describe("a thousand requests at once for a hundred symbols that no quote is known of yet", () => {
  let fakes: Fakes;
  let worker: BundledWorker;
  const agent = new Agent({ keepAlive: true });

  async function addSymbol(code: string): Promise<void> {
    const response = await fetch(`${worker.url}/symbols`, {
      method: "POST",
      headers: { ...WITH_TOKEN, "Content-Type": "application/json" },
      body: JSON.stringify({
        symbol: `${code}/USDT`,
        name: `${code} / Tether`,
        type: "crypto",
        currency: "USDT",
        primary_exchange: "BINANCE",
        data_sources: ["binance"],
        provider_symbols: { binance: `${code}USDT` },
      }),
    });
    const text = await response.text();
    if (response.status !== 201) throw new Error(`${code}: ${response.status} ${text}`);
  }

  beforeAll(async () => {
    fakes = await startFakes();
    worker = await startBundledWorker({ MARKET_MODE: "live", ...fakes.variables });
  });

  afterAll(async () => {
    agent.destroy();
    await worker?.stop();
    await fakes?.close();
  });

  const title = `ask upstream once for each symbol, in at most ${MAX_CALLS} calls, and every caller is answered`;
  test(title, { timeout: 240_000 }, async () => {
    for (const code of CODES) await addSymbol(code);
    const asked = Array.from({ length: REQUESTS }, (_, i) => CODES[i % SYMBOLS]);
    const answers = await Promise.all(
      asked.map(async (code) => ({ code, ...(await ask(agent, `${worker.url}/quotes/${code}/USDT`)) })),
    );

    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.slice(0, 3)).toEqual([]);
    for (const { code, text } of answers) {
      const { data } = AnswerSchema.parse(JSON.parse(text));
      expect(data).toMatchObject({ symbol: `${code}/USDT`, provider: "binance", freshness: "live", seq: 1 });
      expect(data.price).toBe(priceOf(code, Date.parse(data.timestamp) / 1000));
    }

    const { total, endpoints } = fakes.servers.binance.calls();
    const { calls, symbols } = endpoints["ticker/24hr"];
    expect(symbols).toEqual(Object.fromEntries(CODES.map((code) => [`${code}USDT`, 1])));
    expect(calls).toBeLessThanOrEqual(MAX_CALLS);
    expect(total).toBe(calls);
  });
});
