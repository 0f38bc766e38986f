import { z } from "zod";
import type { ImportChunk } from "../../../contracts/import.ts";
import { HOUR } from "../../../core/time.ts";
import type { FuzzRequest } from "../../fuzz/requests.ts";
import type { SeededRandom } from "../../seeded-random.ts";

const SYMBOLS = Array.from({ length: 8 }, (_, i) => `SOAK${i}/USDT`);
const ROWS = 500;
/** Keys that are made. Their list is answered whole: with more of them its answers would grow, which is no leak. */
const MAX_KEYS = 50;
const FIRST_ROW = Date.UTC(2020, 0, 1) / 1000;

const Body = z.looseObject({});

/** Symbols that are there to be changed, so that those that are read stay as they are. */
export interface TestSymbols {
  /** Adds them to a platform's registry. */
  add(): Promise<void>;
  /** A request that changes one of them, in place of one that would change another symbol; and no more than some keys are made. */
  confine(request: FuzzRequest): FuzzRequest;
  /** Imports candles into one of them; returns the answer's status. */
  importCandles(): Promise<number>;
}

/** @param headers those of an operator */
export function createTestSymbols(url: string, headers: Record<string, string>, random: SeededRandom): TestSymbols {
  const json = { ...headers, "Content-Type": "application/json" };
  let imported = 0;
  let keys = 0;

  async function post(path: string, body: object): Promise<number> {
    const response = await fetch(`${url}${path}`, { method: "POST", headers: json, body: JSON.stringify(body) });
    await response.arrayBuffer();
    return response.status;
  }

  /** A body whose symbol is one of these; as it was where it has none, or is broken. */
  function bodyOf(text: string | undefined, symbol: string): string | undefined {
    if (text === undefined) return undefined;
    try {
      const body = Body.safeParse(JSON.parse(text));
      return body.success && "symbol" in body.data ? JSON.stringify({ ...body.data, symbol }) : text;
    } catch (error) {
      if (error instanceof SyntaxError) return text;
      throw error;
    }
  }

  return {
    async add() {
      for (const symbol of SYMBOLS) {
        const row = { symbol, name: symbol, type: "crypto", currency: "USDT", primary_exchange: "BINANCE" };
        const status = await post("/symbols", row);
        if (status !== 201) throw new Error(`${symbol} was not added: ${status}`);
      }
    },
    confine(request) {
      const { route, method } = request;
      if (method === "POST" && route?.path === "/admin/keys" && keys++ >= MAX_KEYS) return { ...request, body: "{}" };
      const isChange = method !== "GET" && route !== null && /^\/(?:symbols|admin)\b/.test(route.path);
      if (!isChange) return request;
      const symbol = random.pick(SYMBOLS);
      const path = route.path.includes("{symbol}")
        ? request.path.replace(/^\/symbols\/[^/?]+/, `/symbols/${encodeURIComponent(symbol)}`)
        : request.path;
      return { ...request, path, body: bodyOf(request.body, symbol) };
    },
    importCandles() {
      const chunk = imported++;
      const first = FIRST_ROW + Math.floor(chunk / SYMBOLS.length) * ROWS * HOUR;
      const rows: ImportChunk["rows"] = Array.from({ length: ROWS }, (_, i) => {
        const close = 100 + random.next();
        return { line: i + 1, time: first + i * HOUR, open: 100, high: 102, low: 99, close, volume: 1 };
      });
      return post("/admin/import", {
        symbol: SYMBOLS[chunk % SYMBOLS.length],
        interval: "1h",
        adjustment: "raw",
        rows,
      });
    },
  };
}
