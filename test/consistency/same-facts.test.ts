import { beforeAll, describe, expect, test } from "vitest";
import { INTERVALS } from "../../core/interval.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { clearQuotes } from "../../workers/market-data/quote-reader.ts";
import { ADMIN, call } from "../workers/client.ts";
import { open } from "../workers/streaming/open-stream.ts";

type Facts = Record<string, unknown>;

/** What changes from one answer to the next although the fact is the same. */
const CLOCK = ["age_seconds"];
const NAMES = REFERENCE_SYMBOLS.map(({ symbol }) => symbol);

async function body(path: string, headers: Record<string, string> = {}): Promise<Facts> {
  const response = await call(path, { headers: { ...ADMIN, ...headers } });
  const text = await response.text();
  expect(response.status, `${path}: ${text.slice(0, 300)}`).toBe(200);
  return JSON.parse(text);
}

const without = (facts: Facts, ...names: string[]): Facts =>
  Object.fromEntries(Object.entries(facts).filter(([name]) => !names.includes(name)));

/** The fields that both have. */
function common(a: Facts, b: Facts): [Facts, Facts] {
  const both = Object.keys(a).filter((name) => name in b && !CLOCK.includes(name));
  expect(both.length).toBeGreaterThan(3);
  return [
    Object.fromEntries(both.map((name) => [name, a[name]])),
    Object.fromEntries(both.map((name) => [name, b[name]])),
  ];
}

function expectSame(a: Facts, b: Facts, what: string): void {
  const [left, right] = common(a, b);
  expect(right, what).toEqual(left);
}

const rowsBySymbol = (answer: Facts): Map<string, Facts> => {
  if (!Array.isArray(answer.data)) throw new Error("no list");
  return new Map(answer.data.map((row: Facts) => [String(row.symbol), row]));
};

describe("a symbol's facts", () => {
  let listed: Map<string, Facts>;
  let streamable: Map<string, Facts>;

  beforeAll(async () => {
    listed = rowsBySymbol(await body("/symbols?limit=1000"));
    streamable = rowsBySymbol(await body("/symbols/streaming/available?limit=1000"));
    expect([...listed.keys()].sort()).toEqual(NAMES.toSorted());
  });

  test.each(NAMES)(
    "of %s are the same in lists, in the search, in its detail and by each of its names",
    async (symbol) => {
      const { data } = await body(`/symbols/${symbol}`);
      const detail = Object(data);
      const row = listed.get(symbol) ?? {};
      expectSame(row, detail, "list and detail");
      expect(Object.keys(row).filter((name) => !(name in detail))).toEqual([]);
      const found = rowsBySymbol(await body(`/symbols?search=${encodeURIComponent(symbol)}&limit=5`)).get(symbol);
      expect(found, "search").toEqual(row);
      if (detail.streaming_available) expect(streamable.get(symbol), "streamable").toEqual(row);
      else expect(streamable.has(symbol)).toBe(false);
      for (const name of [symbol, symbol.toLowerCase(), ...detail.aliases]) {
        const { data: valid } = await body(`/symbols/${encodeURIComponent(name)}/validate`);
        // A name that several symbols share names them all.
        const { canonical, candidates } = Object(valid);
        expect(canonical ?? candidates ?? Object(valid).suggestions, name).toEqual(
          canonical === null ? expect.arrayContaining([symbol]) : symbol,
        );
      }
    },
  );
});

describe("quotes", () => {
  test("of one symbol and of a hundred are the same, under every prefix", async () => {
    for (let from = 0; from < NAMES.length; from += 50) {
      const names = NAMES.slice(from, from + 50);
      const batch = Object(await body(`/quotes?symbols=${names.join(",")}`));
      expect(Object.keys(batch.data).sort()).toEqual(names.toSorted());
      for (const symbol of names) {
        for (const prefix of ["", "/v1", "/api/market-data"]) {
          const single = Object((await body(`${prefix}/quotes/${symbol}`)).data);
          // A market that trades may have ticked in between; its numbers say so by their position.
          if (single.seq === batch.data[symbol].seq)
            expectSame(batch.data[symbol], single, `${prefix}/quotes/${symbol}`);
          else expect(single).toMatchObject({ epoch: batch.data[symbol].epoch, currency: batch.data[symbol].currency });
        }
      }
    }
  });

  test("say of the symbol what its registry row says", async () => {
    const listed = rowsBySymbol(await body("/symbols?limit=1000"));
    for (const symbol of NAMES) {
      const quote = Object((await body(`/quotes/${symbol}`)).data);
      const row = Object(listed.get(symbol));
      expect(quote).toMatchObject({
        symbol,
        currency: row.currency,
        price_unit: row.price_unit,
        volume_unit: row.volume_unit,
        exchange: row.primary_exchange,
      });
    }
  });
});

/** The rows of a CSV by the names in its first line; numbers as numbers, empty cells as null. */
function csvRows(text: string): Facts[] {
  const [head, ...lines] = text.trimEnd().split(/\r?\n/);
  const names = head.split(",");
  const valueIn = (cell: string): unknown =>
    cell === ""
      ? null
      : cell === "true" || cell === "false"
        ? cell === "true"
        : Number.isNaN(Number(cell))
          ? cell
          : Number(cell);
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i], valueIn(cell)])));
}

describe("candles", () => {
  const TO = "2026-11-20T12:00:00Z";

  test.each(NAMES)("of %s are the same as JSON and as CSV, under every prefix", async (symbol) => {
    const interval = INTERVALS[NAMES.indexOf(symbol) % INTERVALS.length];
    const path = `/ohlcv/${symbol}?interval=${interval}&limit=20&to=${TO}`;
    const json = await body(path);
    const { data } = json;
    if (!Array.isArray(data)) throw new Error("no list");
    expect(data.length).toBeGreaterThan(0);
    const response = await call(`${path}&format=csv`, { headers: ADMIN });
    const rows = csvRows(await response.text());
    expect(rows).toHaveLength(data.length);
    // A candle that still forms may have moved in between: its prices and its volume.
    const settled = (row: Facts): Facts =>
      row.state === "open" ? without(row, "open", "high", "low", "close", "volume") : row;
    for (const [i, row] of rows.entries()) {
      const candle = { ...data[i], provider: json.provider, simulated: json.simulated };
      expectSame(settled(candle), settled(row), "CSV");
    }
    const facts = (answer: Facts): Facts => ({
      ...without(answer, "timestamp", "next_cursor"),
      data: Array.isArray(answer.data) ? answer.data.map(settled) : null,
    });
    for (const prefix of ["/v1", "/api/market-data"]) {
      expect(facts(await body(`${prefix}${path}`))).toEqual(facts(json));
    }
  });
});

describe("streams", () => {
  test.each(["BTC/USDT", "JSE:NPN", "AAPL", "EUR/USD", "SIM:CLEAN"])(
    "of %s begin with the quote that REST returns, and go on with it",
    async (symbol) => {
      const { client } = await open("/ws", ADMIN);
      const { positions } = await client.subscribe([symbol]);
      clearQuotes();
      const quote = Object((await body(`/quotes/${symbol}`, { "Cache-Control": "no-cache" })).data);
      const { snapshot, seq, epoch } = Object(positions[symbol]);
      expect(quote.epoch).toBe(epoch);
      if (quote.seq === seq) expectSame(quote, Object(snapshot), symbol);
      const frames = client.of("market_data").map(({ data }) => Object(data));
      for (const frame of frames) if (frame.seq === quote.seq) expectSame(quote, frame, symbol);
      client.close();
    },
  );
});
