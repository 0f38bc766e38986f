import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import { IndicatorsAnswerSchema } from "../../../contracts/indicator.ts";
import { QUOTE_FIELDS } from "../../../contracts/quote.ts";
import { call, importCandles, problemOf, read } from "../client.ts";

const SYMBOL = "JSE:REM";
const RANGE = "interval=1d&from=2026-06-01&to=2026-08-01&limit=100";

const rows = Array.from({ length: 40 }, (_, i) => ({
  line: i + 2,
  time: Date.UTC(2026, 5, 1 + i) / 1000,
  close: 1_000 + i / 8,
}));

/** A table's cells; none of ours has a quote in it here. */
const tableOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));

async function table(path: string, accept?: string): Promise<{ cells: string[][]; headers: Headers }> {
  const answer = await call(path, { headers: accept === undefined ? {} : { Accept: accept } });
  expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, "text/csv; charset=utf-8"]);
  return { cells: tableOf(await answer.text()), headers: answer.headers };
}

const text = (value: string | number | boolean | null | undefined): string => (value == null ? "" : String(value));

const Quotes = z.looseObject({
  data: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).nullable())),
  errors: z.record(z.string(), z.looseObject({ code: z.string() })),
});

describe("quotes as a table", () => {
  test("say what JSON says, a row for each symbol, and one for each that failed", async () => {
    const path = "/quotes?symbols=AAPL,JSE:NPN,NOSUCH";
    const { data } = await read(path, Quotes);
    const { cells, headers } = await table(`${path}&format=csv`);
    const [names, ...lines] = cells;
    expect(names).toEqual(["symbol", ...QUOTE_FIELDS.filter((field) => field !== "symbol"), "error"]);
    expect(headers.get("Content-Disposition")).toBe('attachment; filename="quotes.csv"');
    expect(lines.map(([symbol]) => symbol).sort()).toEqual(["AAPL", "JSE:NPN", "NOSUCH"]);
    const moving = new Set([
      "age_seconds",
      "seq",
      "received_at",
      "timestamp",
      "price",
      "bid",
      "ask",
      "change",
      "change_percent",
      "high",
      "low",
      "volume",
      "market_cap",
    ]);
    for (const line of lines) {
      const row = Object.fromEntries(names.map((name, i) => [name, line[i]]));
      const quote = data[row.symbol];
      if (!quote) expect(row).toMatchObject({ error: "symbol.not_found", price: "" });
      for (const field of quote ? QUOTE_FIELDS : []) {
        if (!moving.has(field) || quote.seq === Number(row.seq)) {
          if (field !== "age_seconds") expect([field, row[field]]).toEqual([field, text(quote[field])]);
        }
      }
    }
  });

  test("have the fields that are asked for, in JSON as well", async () => {
    const path = "/quotes?symbols=AAPL&fields=currency,%20price_unit,currency";
    expect((await read(path, Quotes)).data).toEqual({ AAPL: { currency: "USD", price_unit: "USD" } });
    const { cells } = await table(`${path}&format=csv`);
    expect(cells).toEqual([
      ["symbol", "currency", "price_unit", "error"],
      ["AAPL", "USD", "USD", ""],
    ]);
    const one = await call(path);
    const other = await call("/quotes?symbols=AAPL&fields=currency");
    expect(one.headers.get("ETag")).not.toBe(other.headers.get("ETag"));
  });

  test("name the field that was probably meant", async () => {
    const { errors } = await problemOf(await call("/quotes?symbols=AAPL&fields=prize"), "request.invalid");
    expect(JSON.stringify(errors)).toContain("did you mean price?");
    await problemOf(await call("/quotes?symbols=AAPL&fields="), "request.invalid");
  });

  test("of one symbol are one row", async () => {
    const { cells, headers } = await table("/quotes/BTC/USDT?format=csv");
    expect(cells[0]).toEqual([...QUOTE_FIELDS]);
    expect([cells.length, cells[1][0]]).toEqual([2, "BTC/USDT"]);
    expect(headers.get("Content-Disposition")).toBe('attachment; filename="BTC-USDT.csv"');
  });
});

describe("candles as a table", () => {
  test("have times as they are asked for, and the numbers of JSON", async () => {
    await importCandles({ symbol: SYMBOL, interval: "1d", adjustment: "raw", rows });
    const { data } = await read(`/ohlcv/${SYMBOL}?${RANGE}`, CandlesAnswerSchema);
    const unix = await table(`/ohlcv/${SYMBOL}?${RANGE}&format=csv`);
    const iso = await table(`/ohlcv/${SYMBOL}?${RANGE}&format=csv&time_format=iso`);
    expect(unix.cells.slice(1).map(([time, , , , close]) => [Number(time), Number(close)])).toEqual(
      data.map(({ time, close }) => [time, close]),
    );
    expect(iso.cells.slice(1).map(([time]) => Date.parse(time) / 1000)).toEqual(data.map(({ time }) => time));
    expect(unix.headers.get("Content-Disposition")).toBe('attachment; filename="JSE_REM_1d.csv"');
  });
});

describe("indicators as a table", () => {
  test("have a column for each output, the values of JSON, and a blank one for a spec that failed", async () => {
    const path = `/indicators/${SYMBOL}?interval=1d&data_points=10&indicators=sma:5,macd,nosuch&include_candles=true`;
    const answer = await read(path, IndicatorsAnswerSchema);
    const { cells } = await table(`${path}&format=csv`);
    const [names, ...lines] = cells;
    expect(names).toEqual([
      "time",
      "open",
      "high",
      "low",
      "close",
      "volume",
      "sma:5",
      "macd.line",
      "macd.signal",
      "macd.histogram",
      "nosuch",
    ]);
    const sma = z.array(z.number().nullable()).parse(answer.indicators["sma:5"]);
    const macd = z.record(z.string(), z.array(z.number().nullable())).parse(answer.indicators.macd);
    expect(lines).toEqual(
      answer.times.map((time, i) =>
        [
          ...[time, null, null, null, answer.candles?.[i].close, null, sma[i]],
          ...[macd.line[i], macd.signal[i], macd.histogram[i], null],
        ].map(text),
      ),
    );
  });
});

describe("the form of an answer", () => {
  const path = `/ohlcv/${SYMBOL}?${RANGE}`;

  test.each([
    ["text/csv", "text/csv; charset=utf-8"],
    ["text/csv, */*;q=0.1", "text/csv; charset=utf-8"],
    ["text/csv;q=0.9, application/json;q=0.5", "text/csv; charset=utf-8"],
    ["application/json, text/csv", "application/json"],
    ["application/json, text/csv;q=0.5", "application/json"],
    ["text/csv;q=0", "application/json"],
    ["text/csv;q=nonsense", "application/json"],
    ["*/*", "application/json"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "application/json"],
  ])("is by Accept: %s", async (accept, type) => {
    const answer = await call(path, { headers: { Accept: accept } });
    expect(answer.headers.get("Content-Type")).toBe(type);
    expect(answer.headers.get("Vary")?.split(/, */).sort()).toEqual(["Accept", "Accept-Encoding", "Origin"]);
  });

  test("is by format where that is said", async () => {
    await table(`${path}&format=csv`, "application/json");
    const answer = await call(`${path}&format=json`, { headers: { Accept: "text/csv" } });
    expect(answer.headers.get("Content-Type")).toBe("application/json");
  });

  test("has an entity tag of its own", async () => {
    const tag = (await call("/quotes/AAPL")).headers.get("ETag") ?? "";
    expect((await call("/quotes/AAPL?format=csv", { headers: { "If-None-Match": tag } })).status).toBe(200);
  });

  test("of JSON is exactly application/json, whatever answers", async () => {
    for (const route of [
      "/quotes/AAPL",
      "/symbols?limit=1",
      "/health",
      "/status",
      "/exchanges",
      "/openapi.json",
      `/indicators/${SYMBOL}?interval=1d`,
    ]) {
      expect([route, (await call(route)).headers.get("Content-Type")]).toEqual([route, "application/json"]);
    }
  });
});
