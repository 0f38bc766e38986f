import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ImportSchema } from "../../contracts/import.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";
import { eventually } from "./live-answers.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";
import { type Manifest, readManifest, stateFixtures } from "./state/manifest.ts";
import { openStream } from "./state/stream-client.ts";

/** Nothing listens there: what is answered comes from the state alone. */
const UNREACHABLE = "http://127.0.0.1:1";
const NO_UPSTREAMS = {
  MARKET_MODE: "live",
  BINANCE_BASE_URL: UNREACHABLE,
  COINGECKO_BASE_URL: UNREACHABLE,
  COINGECKO_PLAN: "pro",
  COINGECKO_API_KEY: "none",
  ALPHA_VANTAGE_BASE_URL: UNREACHABLE,
  ALPHA_VANTAGE_API_KEY: "none",
  JSE_BASE_URL: UNREACHABLE,
  JSE_API_KEY: "none",
  JSE_HISTORY: "true",
};

const Answer = z.looseObject({ data: z.unknown() });
const Trace = z.object({ data: z.object({ latest: z.object({ epoch: z.string(), seq: z.number() }).nullable() }) });
const QuoteInStream = z.looseObject({ seq: z.number(), timestamp: z.string() });
const Position = z.object({
  ...{ epoch: z.string(), seq: z.number(), recovered: z.boolean().nullable() },
  missed: z.array(z.looseObject({ seq: z.number(), data: z.looseObject({ price: z.number().nullable() }) })),
});
const BarPosition = z.object({
  recovered: z.boolean().nullable(),
  missed: z.array(z.looseObject({ data: z.looseObject({ time: z.number() }) })),
});

/** A copy of a kept state, and a platform that runs on it. */
class Restored {
  readonly folder = dataFolder();
  private platform: Platform | null = null;

  constructor(fixture: string) {
    execFileSync("tar", ["-xzf", join(fixture, "state.tar.gz"), "-C", this.folder]);
  }

  get url(): string {
    if (!this.platform) throw new Error("the platform does not run");
    return this.platform.url;
  }

  async start(vars: Record<string, string> = {}): Promise<void> {
    this.platform = await startPlatform(this.folder, vars);
  }

  async stop(): Promise<void> {
    await this.platform?.stop();
    this.platform = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    removeFolder(this.folder);
  }

  ask(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    return fetch(this.url + path, { ...init, headers: { ...AS_ADMIN, ...init.headers } });
  }

  async data(path: string, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await this.ask(path, { headers });
    const text = await response.text();
    expect(response.status, `${path}: ${text.slice(0, 300)}`).toBe(200);
    return Answer.parse(JSON.parse(text)).data;
  }

  /** What a client is answered that comes back with a position. */
  async resume(path: string, key: string, message: { symbols: string[]; since: object; [session: string]: unknown }) {
    const client = await openStream(this.url, path, key);
    // A room's own socket is confirmed once already, on connect.
    client.send({ action: "subscribe", id: "resume", ...message });
    const confirmed = await eventually(
      20,
      async () => client.of("subscription_confirmed").find(({ id }) => id === "resume"),
      (frame) => frame !== undefined,
    );
    return { client, position: confirmed?.positions[message.symbols[0]] };
  }
}

const withKey = (key: string) => ({ Authorization: `Bearer ${key}` });
const json = (body: object) => ({ body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });

describe.each(stateFixtures().map((path) => [basename(path), path]))("%s, kept for good", (_, fixture) => {
  const state: Manifest = readManifest(fixture);
  const restored = new Restored(fixture);

  beforeAll(() => restored.start());
  afterAll(() => restored.remove());

  test("alarms that were set ring by themselves", async () => {
    const { last } = state.streams["SOL/USDT"];
    const latest = async () =>
      Trace.parse(await (await restored.ask("/admin/quotes/SOL%2FUSDT/trace")).json()).data.latest;
    const after = await eventually(60, latest, (quote) => quote !== null && quote.seq > last.seq);
    expect(after?.epoch).toBe(last.epoch);
  });

  test.each(Object.entries(state.demo.quotes))("the quotes of %s go on in their epoch", async (symbol, before) => {
    const after = QuoteInStream.parse(await restored.data(`/quotes/${symbol}`, { "Cache-Control": "no-cache" }));
    const { epoch, provider, price_unit } = before;
    expect(after).toMatchObject({ symbol, epoch, provider, price_unit });
    // The price of a closed session is the same event still.
    const isSame = after.timestamp === before.timestamp;
    expect(after.seq).toBeGreaterThanOrEqual(isSame ? before.seq : before.seq + 1);
  });

  test.each(state.imports)("the imported candles of $path are all there", async ({ path, adjustment, candles }) => {
    const answer = await restored.ask(path);
    expect(await answer.json()).toMatchObject({ data: candles, provider: "import", adjustment });
  });

  test.each(Object.entries(state.streams))("a client of %s gets all since its position", async (symbol, positions) => {
    for (const path of ["/ws", `/ws/${encodeURIComponent(symbol)}`]) {
      const message = { symbols: [symbol], since: { [symbol]: positions.early } };
      const { client, position } = await restored.resume(path, state.keys.reader, message);
      const { epoch, seq, recovered, missed } = Position.parse(position);
      expect({ epoch, recovered }).toEqual({ epoch: positions.early.epoch, recovered: true });
      expect(missed.map((frame) => frame.seq)).toEqual(
        Array.from({ length: seq - positions.early.seq }, (_, i) => positions.early.seq + 1 + i),
      );
      expect(missed.find((frame) => frame.seq === positions.last.seq)?.data.price).toBe(positions.last.price);
      const next = await eventually(
        20,
        async () => client.of("market_data").find((frame) => frame.seq > seq),
        (frame) => frame !== undefined,
      );
      expect(next).toMatchObject({ symbol, epoch, seq: seq + 1 });
      client.close();
    }
  });

  test("a client of candles gets the bars since its position", async () => {
    const times = state.imports[0].candles.map(({ time }) => time);
    const message = { channel: "candles", interval: "1d", symbols: ["JSE:NPN"] };
    const since = { "JSE:NPN": { time: times.at(-3) } };
    const { client, position } = await restored.resume("/ws", state.keys.reader, { ...message, since });
    client.close();
    const { recovered, missed } = BarPosition.parse(position);
    expect({ recovered, times: missed.map(({ data }) => data.time) }).toEqual({
      recovered: true,
      times: times.slice(-2),
    });
  });

  test("keys work within their scopes, the revoked one does not", async () => {
    const { reader, writer, revoked } = state.keys;
    const status = async (key: string, path: string, init = {}) => {
      const response = await fetch(restored.url + path, { ...init, headers: withKey(key) });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await status(reader, "/quotes/BTC/USDT")).toBe(200);
    expect(await status(writer, "/quotes/BTC/USDT")).toBe(200);
    expect(await status(reader, "/symbols/JSE:STX40/streaming?available=true", { method: "PUT" })).toBe(403);
    expect(await status(writer, "/symbols/JSE:STX40/streaming?available=true", { method: "PUT" })).toBe(200);
    expect(await status(reader, "/admin/audit")).toBe(403);
    expect(await status(revoked, "/quotes/BTC/USDT")).toBe(401);
  });

  test("symbols that were added, changed and retired are as they were", async () => {
    const { added, changed, retired } = state.symbols;
    for (const { last_updated: _, ...row } of [added, changed, retired]) {
      expect(await restored.data(`/symbols/${encodeURIComponent(row.symbol)}`)).toMatchObject(row);
    }
    expect((await restored.ask(`/quotes/${retired.symbol}`)).status).toBe(410);
    expect((await restored.ask("/symbols/STX40.JO")).status).toBe(200);
    const found = z.array(z.object({ symbol: z.string() })).parse(await restored.data("/symbols?search=Satrix"));
    expect(found.map(({ symbol }) => symbol)).toContain(added.symbol);
  });

  test("what was done once under an Idempotency-Key is not done again", async () => {
    const { key, body } = state.idempotency;
    const { body: text, headers } = json(body);
    const response = await restored.ask("/symbols", {
      method: "POST",
      body: text,
      headers: { ...headers, "Idempotency-Key": key },
    });
    // Answers are kept for a day; after it the symbol itself is in the way.
    const isReplayed = response.status === 201 && response.headers.get("Idempotency-Replayed") === "true";
    expect(isReplayed || response.status === 409, await response.text()).toBe(true);
  });

  test("the audit log and the quality log are whole", async () => {
    const audit = z.array(z.looseObject({ id: z.number() })).parse(await restored.data("/admin/audit?limit=1000"));
    expect(audit.filter(({ id }) => id <= state.audit[0].id)).toMatchObject(state.audit);
    const { decisions } = z
      .object({ decisions: z.array(z.looseObject({ symbol: z.string() })) })
      .parse(await restored.data("/admin/quality?limit=1000"));
    for (const decision of state.quality) expect(decisions).toContainEqual(expect.objectContaining(decision));
  });

  test("what was imported then is in the list of imports", async () => {
    const listed = z
      .array(
        ImportSchema.pick({ id: true, symbol: true, interval: true, adjustment: true, status: true, stored: true }),
      )
      .parse(await restored.data("/admin/imports"));
    expect(listed.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      {
        ...{ id: "earlier-1d-JSE-NPN", symbol: "JSE:NPN", interval: "1d", adjustment: "split" },
        status: "done",
        stored: 35,
      },
      {
        ...{ id: "earlier-1h-ETH-USDT", symbol: "ETH/USDT", interval: "1h", adjustment: "raw" },
        status: "done",
        stored: 120,
      },
    ]);
  });

  test("the reference data of this version is there, with names of companies that have changed", async () => {
    for (const { symbol, name, aliases } of REFERENCE_SYMBOLS.filter(({ symbol }) =>
      ["JSE:CPI", "XOM"].includes(symbol),
    )) {
      const record = z.looseObject({ name: z.string(), aliases: z.array(z.string()) });
      expect(record.parse(await restored.data(`/symbols/${symbol}`))).toMatchObject({
        name,
        aliases: aliases.toSorted(),
      });
    }
  });

  test("in live mode, what providers gave is there while none of them answers", async () => {
    await restored.stop();
    await restored.start(NO_UPSTREAMS);
    for (const { path, provider, candles } of state.live.candles) {
      const answer = await restored.ask(path);
      expect(await answer.json(), path).toMatchObject({ data: candles, provider });
    }
    for (const [symbol, quote] of Object.entries(state.live.quotes)) {
      // The trace shows the last quote however old it is.
      const trace = await restored.data(`/admin/quotes/${encodeURIComponent(symbol)}/trace`);
      expect(trace, symbol).toMatchObject({ latest: quote });
    }
  });
});
