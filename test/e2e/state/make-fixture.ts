// Makes test/fixtures/state-<version> with the platform as it is: npx node test/e2e/state/make-fixture.ts
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { AuditEntrySchema, QualityDecisionSchema } from "../../../contracts/admin.ts";
import { CandleSchema } from "../../../contracts/candle.ts";
import { QuoteSchema } from "../../../contracts/quote.ts";
import { SymbolSchema } from "../../../contracts/symbol.ts";
import { DAY, HOUR } from "../../../core/time.ts";
import { ROOT } from "../../../scripts/dev-vars.ts";
import { startFakes } from "../../../tools/fakes/start.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "../platform.ts";
import { type Manifest, ManifestSchema } from "./manifest.ts";
import { openStream, type StreamClient } from "./stream-client.ts";

const LIVE_QUOTES = ["BTC/USD", "AAPL", "USD/ZAR", "JSE:SBK", "LTC/USDT"];
const LIVE_CANDLES = [
  "/ohlcv/AAPL?interval=1d&from=2026-10-01&to=2026-11-01",
  "/ohlcv/JSE:SBK?interval=1d&from=2026-10-01&to=2026-11-01",
  "/ohlcv/LTC/USDT?interval=1h&from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z",
  "/ohlcv/LTC/USDT?interval=15m&from=2026-11-20T00:00:00Z&to=2026-11-20T06:00:00Z",
];
const DEMO_QUOTES = ["BTC/USDT", "SIM:CLEAN", "SOL/USDT", "EUR/USD", "MSFT", "JSE:AGL"];
const IMPORTED_DAYS = 35;
const IMPORTED_HOURS = 120;
/** An hour whose prices the data-quality checks flag. */
const SUSPECT_HOUR = 60;

const ADDED = { symbol: "JSE:STX40", name: "Satrix 40 ETF", type: "etf", currency: "ZAR", primary_exchange: "JSE" };
const RETIRED = {
  symbol: "ZZGONE",
  name: "A retired share",
  type: "stock",
  currency: "USD",
  primary_exchange: "NASDAQ",
};
const IDEMPOTENCY_KEY = "key-of-the-kept-state";

const CreatedKey = z.object({ data: z.object({ key: z.string(), prefix: z.string() }) });
const SymbolAnswer = z.object({ data: SymbolSchema });
const QuotesAnswer = z.object({ data: z.record(z.string(), QuoteSchema) });
const CandlesAnswer = z.object({ data: z.array(CandleSchema), provider: z.string(), adjustment: z.string() });

/** Asks a platform, as its administrator. */
const requesterOf =
  ({ url }: Platform) =>
  async <T>(schema: z.ZodType<T>, method: string, path: string, body?: object, headers = {}): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { ...AS_ADMIN, ...(body && { "Content-Type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return schema.parse(JSON.parse(text));
  };

type SendRequest = ReturnType<typeof requesterOf>;

async function quotesOf(ask: SendRequest, symbols: readonly string[]): Promise<Manifest["demo"]["quotes"]> {
  const { data } = await ask(QuotesAnswer, "GET", `/quotes?symbols=${symbols.join()}`, undefined, {
    "Cache-Control": "no-cache",
  });
  return z.object({ quotes: ManifestSchema.shape.demo.shape.quotes }).parse({ quotes: data }).quotes;
}

async function candlesOf(ask: SendRequest, path: string) {
  const { data, provider, adjustment } = await ask(CandlesAnswer, "GET", path);
  return { path, provider, adjustment, candles: data };
}

/** Real mode, on stand-ins: stored quotes and candles, symbols that are polled, gates with budgets. */
async function liveState(folder: string): Promise<Manifest["live"]> {
  const fakes = await startFakes();
  const platform = await startPlatform(folder, { MARKET_MODE: "live", ...fakes.variables });
  const ask = requesterOf(platform);
  const created = await ask(CreatedKey, "POST", "/admin/keys", { name: "watcher", scopes: ["read", "stream"] });
  const watcher = await openStream(platform.url, "/ws", created.data.key);
  watcher.send({ action: "subscribe", symbols: ["XRP/USDT"] });
  await watcher.nth("market_data", 2);
  const candles = [];
  for (const path of LIVE_CANDLES) {
    const { provider, candles: found } = await candlesOf(ask, path);
    candles.push({ path, provider, candles: found });
  }
  const quotes = await quotesOf(ask, LIVE_QUOTES);
  await platform.kill();
  await fakes.close();
  return { quotes, candles };
}

async function createKeys(ask: SendRequest): Promise<Manifest["keys"]> {
  const make = async (name: string, scopes: string[], more = {}) =>
    (await ask(CreatedKey, "POST", "/admin/keys", { name, scopes, ...more })).data;
  const reader = await make("reader", ["read", "stream"], { tier: "free", expires_at: "2199-01-01T00:00:00Z" });
  const writer = await make("writer", ["read", "symbols:write"]);
  const revoked = await make("revoked", ["read", "stream", "symbols:write", "admin"]);
  await ask(z.unknown(), "DELETE", `/admin/keys/${revoked.prefix}`);
  return { reader: reader.key, writer: writer.key, revoked: revoked.key };
}

async function writeSymbols(ask: SendRequest): Promise<Manifest["symbols"]> {
  const added = await ask(SymbolAnswer, "POST", "/symbols", ADDED, { "Idempotency-Key": IDEMPOTENCY_KEY });
  const changed = await ask(SymbolAnswer, "PUT", "/symbols/MSFT", { description: "Changed by an operator." });
  await ask(SymbolAnswer, "POST", "/symbols", RETIRED);
  const retired = await ask(SymbolAnswer, "DELETE", `/symbols/${RETIRED.symbol}`);
  return { added: added.data, changed: changed.data, retired: retired.data };
}

/** Two series of our own making: trading days of a JSE share, in cents, and hours of a coin. */
async function importSeries(ask: SendRequest): Promise<Manifest["imports"]> {
  const monday = Date.UTC(2026, 9, 5) / 1000;
  const days = Array.from({ length: IMPORTED_DAYS }, (_, i) => monday + Math.floor(i / 5) * 7 * DAY + (i % 5) * DAY);
  const npn = days.map((time, i) => {
    const low = 690_000 + 100 * i;
    return { line: i + 2, time, open: low + 500, high: low + 1_000, low, close: low + 600, volume: 1_000 + i };
  });
  const midnight = Date.UTC(2026, 9, 1) / 1000;
  const eth = Array.from({ length: IMPORTED_HOURS }, (_, i) => {
    const low = (i === SUSPECT_HOUR ? 30 : 1) * (2_990 + (i % 7));
    return {
      line: i + 2,
      time: midnight + HOUR * i,
      open: low + 10,
      high: low + 20,
      low,
      close: low + 15.5,
      volume: i,
    };
  });
  const chunks = [
    { symbol: "JSE:NPN", interval: "1d", adjustment: "split", rows: npn },
    { symbol: "ETH/USDT", interval: "1h", adjustment: "raw", rows: eth },
  ];
  for (const chunk of chunks) await ask(z.unknown(), "POST", "/admin/import", chunk);
  const paths = [
    "/ohlcv/JSE:NPN?interval=1d&limit=1000&to=2026-11-26",
    "/ohlcv/ETH/USDT?interval=1h&limit=1000&to=2026-10-08&include_suspect=true",
  ];
  const series = [];
  for (const path of paths) {
    const { adjustment, candles } = await candlesOf(ask, path);
    series.push({ path, adjustment, candles });
  }
  return series;
}

/** An early and the last position of a client that has listened for a while. */
function positionsOf(client: StreamClient, symbol: string): Manifest["streams"][string] {
  const onQuote = client.of("market_data").filter((frame) => frame.symbol === symbol);
  const [, early] = onQuote;
  const last = onQuote.at(-1);
  if (!early || !last || last.data.price === null) throw new Error(`${symbol} was silent`);
  return {
    early: { epoch: early.epoch, seq: early.seq },
    last: { epoch: last.epoch, seq: last.seq, price: last.data.price },
  };
}

/** Simulated mode: everything else; the platform ends with sockets open, as with a power cut. */
async function demoState(folder: string): Promise<Omit<Manifest, "live" | "version" | "made_at">> {
  const platform = await startPlatform(folder);
  const ask = requesterOf(platform);
  const keys = await createKeys(ask);
  const symbols = await writeSymbols(ask);
  const imports = await importSeries(ask);
  const hub = await openStream(platform.url, "/ws", keys.reader);
  hub.send({ action: "subscribe", symbols: ["BTC/USDT", "SIM:CLEAN"] });
  hub.send({ action: "subscribe", symbols: ["BTC/USDT"], channel: "candles", interval: "1m" });
  hub.send({ action: "subscribe", symbols: ["BTC/USDT"], channel: "indicators", interval: "1m", indicators: ["RSI"] });
  const room = await openStream(platform.url, "/ws/SOL%2FUSDT", keys.reader);
  await room.nth("market_data", 10);
  const quotes = await quotesOf(ask, DEMO_QUOTES);
  const streams = {
    "BTC/USDT": positionsOf(hub, "BTC/USDT"),
    "SIM:CLEAN": positionsOf(hub, "SIM:CLEAN"),
    "SOL/USDT": positionsOf(room, "SOL/USDT"),
  };
  const audit = (await ask(z.object({ data: z.array(AuditEntrySchema) }), "GET", "/admin/audit?limit=1000")).data;
  const Quality = z.object({ data: z.object({ decisions: z.array(QualityDecisionSchema) }) });
  const { decisions } = (await ask(Quality, "GET", "/admin/quality?limit=1000")).data;
  await platform.kill();
  hub.close();
  room.close();
  const stored = ManifestSchema.pick({ audit: true, quality: true }).parse({ audit, quality: decisions });
  const idempotency = { key: IDEMPOTENCY_KEY, body: ADDED };
  return { keys, symbols, idempotency, imports, demo: { quotes }, streams, ...stored };
}

/** Folds each database's write-ahead log into it, so that one file holds all. */
function checkpoint(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(join(folder, name));
    database.exec("pragma wal_checkpoint(truncate); vacuum; pragma wal_checkpoint(truncate);");
    database.close();
  }
}

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
const folder = dataFolder();
const live = await liveState(folder);
const demo = await demoState(folder);
checkpoint(folder);
// The development server's own record of requests, with their headers.
removeFolder(join(folder, "v3", "observability"));
const fixture = join(ROOT, "test", "fixtures", `state-${version}`);
mkdirSync(fixture, { recursive: true });
const manifest: Manifest = { version, made_at: new Date().toISOString(), ...demo, live };
writeFileSync(join(fixture, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
const tar = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"];
execFileSync("tar", [...tar, "-czf", join(fixture, "state.tar.gz"), "-C", folder, "v3"]);
removeFolder(folder);
