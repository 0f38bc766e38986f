import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { PROBLEMS } from "../../../contracts/problem.ts";
import { app } from "../../../workers/gateway/app.ts";
import { ADMIN_KEY, newAddress, ORIGIN } from "../client.ts";

const REQUESTS = 5_000;

/** What a hostile or broken client sends: every part may be wrong, and some parts are right, so that the deep code is met. */
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.constantFrom(
    ...[
      "",
      " ",
      "%",
      "%%",
      "%zz",
      "%00",
      "%0",
      "%ff%fe",
      "%E0%A4%A",
      "%C0%AE",
      "%2F",
      "%252F",
      "\u0000",
      "\ud800",
      "€",
    ],
    ...[
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "null",
      "undefined",
      "NaN",
      "Infinity",
      "-0",
      "1e400",
    ],
    ...[
      "../../etc/passwd",
      "..%2f..%2f",
      "' or 1=1 --",
      '"; drop table symbols; --',
      "<script>",
      "{{7*7}}",
      "\r\nX: y",
    ],
    ...["🏳️‍🌈", "ﷺ", "İ", "ß", "\u202e", "a".repeat(3_000), "%41".repeat(500), "/".repeat(200), "(".repeat(300)],
    ...["99999999999999999999", "-1", "0", "1", "1.5", "0x10", "1_000", "２０"],
  ),
);

const symbol = fc.constantFrom("BTC/USDT", "BTC%2FUSDT", "AAPL", "jse:npn", "USDZAR", "BTC", "NOSUCH", "EUR/USD");
const segment = fc.oneof({ weight: 6, arbitrary: symbol }, { weight: 2, arbitrary: text.map(encodeSome) });
const root = fc.constantFrom(
  ...["quotes", "ohlcv", "symbols", "symbols/streaming/available", "exchanges", "types", "health", "ready", "problems"],
  ...["admin/import", "openapi.json", "docs", "", "v1", "api/market-data", "calculate", "ws", "stream", "metrics"],
);
const symbolRoot = fc.constantFrom("quotes", "ohlcv", "symbols", "symbols");
const prefix = fc.constantFrom("", "", "", "", "", "/v1", "/api/symbols", "/api/market-data", "//", "/v1/v1");
const ending = fc.constantFrom("", "", "", "", "", "", "/validate", "/streaming", "/", "//", "/%2F", "/x/y/z");

/** Some texts go raw, for the URL parser to make what it can of them; the rest are encoded. */
function encodeSome(value: string): string {
  return value.length % 2 === 0 ? value : encodeURIComponent(value.toWellFormed());
}

const path = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(prefix, symbolRoot, segment, ending).map(([a, b, c, d]) => `${a}/${b}/${c}${d}`) },
  { weight: 2, arbitrary: fc.tuple(prefix, root, segment, ending).map(([a, b, c, d]) => `${a}/${b}/${c}${d}`) },
  { weight: 5, arbitrary: fc.tuple(prefix, root).map(([a, b]) => `${a}/${b}`) },
  { weight: 2, arbitrary: fc.array(text.map(encodeSome), { maxLength: 6 }).map((parts) => `/${parts.join("/")}`) },
);

const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...["symbols", "symbols", "max_age", "interval", "limit", "from", "to", "order", "format", "cursor", "coverage"],
      ...["include_suspect", "type", "exchange", "sector", "country", "currency", "streaming", "search", "detail"],
      "available",
    ),
  },
  { weight: 1, arbitrary: text },
);
const value = fc.oneof(
  { weight: 2, arbitrary: text },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...["1m", "1h", "1d", "1w", "1M", "asc", "desc", "csv", "json", "full", "gaps", "true", "false", "5000", "1000"],
      ...["2026-11-01", "1780000000", "1780000000000", "-99999999999", "99999999999", "-8640000000000", "0000-01-01"],
      ...["9999-12-31T23:59:59.999Z", "2026-02-30", "2026-11-01T00:00:00+99:99", "crypto", "JSE", "ZAR", "naspers"],
      ...["AAPL,BTC/USDT", "AAPL,,AAPL", ",", "BTC", "eyJhZnRlciI6IkEifQ", "eyJvZmZzZXQiOjk5OTk5OX0", "bnVsbA", "W10"],
      ...["eyJzeW1ib2wiOiJBQVBMIiwiaW50ZXJ2YWwiOiIxaCIsImRpcmVjdGlvbiI6ImJhY2t3YXJkIiwidGltZSI6LTg2NDAwMDAwMDAwMDB9"],
    ),
  },
);
const plausible = fc.constantFrom(
  ...[
    "?limit=3",
    "?limit=5000",
    "?interval=1M&limit=5000",
    "?interval=1m&from=-2208988800",
    "?max_age=0",
    "?max_age=60",
  ],
  ...["?symbols=AAPL,BTC/USDT,BTC,%00", "?symbols=__proto__", "?search=a&limit=1", "?detail=true", "?available=false"],
  ...[
    "?to=0",
    "?interval=1w&to=-1&limit=5000&coverage=full",
    "?format=csv&order=desc",
    "?type=crypto&search=%F0%9F%98%80",
  ],
);
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 2, arbitrary: plausible },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(name, value), { minLength: 1, maxLength: 4 })
      .map((pairs) => `?${pairs.map(([n, v]) => `${encodeSome(n)}=${encodeSome(v)}`).join("&")}`),
  },
);

const number = fc.constantFrom(
  "0",
  "-0",
  "1e400",
  "-1e400",
  "1e-400",
  "9007199254740993",
  "0.1",
  "1E5",
  "123456789012345678901",
);
const fields = [
  ...["symbol", "name", "type", "primary_exchange", "currency", "country", "isin", "website", "market_cap", "aliases"],
  ...["provider_symbols", "data_sources", "is_active", "price_decimals", "interval", "adjustment", "rows", "keep_good"],
  ...["__proto__", "constructor"],
];
const known = fc.constantFrom(
  ...[
    '"AAPL"',
    '"ZZZ"',
    '"stock"',
    '"crypto"',
    '"NYSE"',
    '"JSE"',
    '"USD"',
    '"1d"',
    '"raw"',
    "true",
    "null",
    "[]",
    "{}",
  ],
  ...['["import"]', '[{"line":1,"time":"2026-11-18","close":1}]', '[{"line":1,"time":-8.64e15,"close":1}]'],
  ...['[{"line":1,"time":0,"open":1e308,"high":1e308,"low":1e-308,"close":1e308,"volume":1e400}]'],
);
const whole = fc.constantFrom(
  ...['{"symbol":"AAPL","name":"x","type":"stock","primary_exchange":"NYSE","currency":"USD"}'],
  ...['{"symbol":"NEW/USDT","name":"x","type":"crypto","primary_exchange":"BINANCE","currency":"USDT"}'],
  ...['{"symbol":"AAPL","interval":"1d","rows":[{"line":1,"time":"2026-11-18","close":1}]}'],
  ...['{"symbol":"AAPL","interval":"1d","adjustment":"raw","rows":[{"line":1,"time":"2026-11-18","close":2}]}'],
  ...['{"symbol":"AAPL","interval":"1w","rows":[{"line":1,"time":-99999999999,"close":1e308}]}'],
  ...['{"is_active":false}', '{"is_active":true}', '{"aliases":["AAPL"]}', '{"data_sources":["binance"]}'],
);
const json = fc.oneof(
  fc.json({ maxDepth: 3 }),
  known,
  number,
  text.map((value) => JSON.stringify(value)),
);
const body = fc.oneof(
  { weight: 3, arbitrary: whole },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...fields), json), { maxLength: 8 })
      .map((sessions) => `{${sessions.map(([key, session]) => `${JSON.stringify(key)}:${session}`).join(",")}}`),
  },
  { weight: 2, arbitrary: json },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...["", "{", "]", "\u0000", "\ufeff{}", "[".repeat(20_000), `${"[".repeat(9_000)}${"]".repeat(9_000)}`],
      ...[`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`, `"${"x".repeat(1_100_000)}"`, "{}{}", "undefined"],
    ),
  },
);

const headerValue = fc.oneof(
  fc.string({ maxLength: 30 }).map((value) => value.replace(/[^\x20-\x7e]/g, "")),
  fc.constantFrom("*", 'W/"x"', '""', "no-cache", "max-age=0", "bytes=0-1", "x".repeat(5_000), ",,,", '"', "gzip;q=0"),
);
const headers = fc.dictionary(
  fc.constantFrom(
    ...["If-None-Match", "Cache-Control", "X-Correlation-ID", "X-D1-Bookmark", "Idempotency-Key", "Accept", "Origin"],
    ...["Range", "traceparent", "Access-Control-Request-Method", "X-Forwarded-For", "Upgrade", "If-Modified-Since"],
  ),
  headerValue,
  { maxKeys: 3 },
);

const type = fc.constantFrom(
  ...["application/json", "application/json", "application/json", "application/json", "application/json"],
  ...["application/json; charset=utf-8", "text/plain", ""],
  ...[
    "application/JSON",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json;;;",
  ],
);

const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant("GET") },
  { weight: 4, arbitrary: fc.constantFrom("POST", "PUT") },
  { weight: 3, arbitrary: fc.constantFrom("HEAD", "DELETE", "PATCH", "OPTIONS") },
);

interface Hostile {
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  type: string;
  body: string;
  key: "admin" | "wrong" | "none";
}

const hostile: fc.Arbitrary<Hostile> = fc.record({
  method,
  path,
  query,
  headers,
  type,
  body,
  key: fc.constantFrom("admin", "admin", "admin", "admin", "none", "none", "none", "wrong"),
});

/** The request, or null where no client could send it: the address does not even parse. */
function requestOf(input: Hostile): Request | null {
  const url = URL.parse(`${ORIGIN}${input.path}${input.query}`);
  if (!url || url.origin !== ORIGIN) return null;
  const all = new Headers(input.headers);
  all.set("CF-Connecting-IP", newAddress());
  if (input.key !== "none") all.set("X-API-Key", input.key === "admin" ? ADMIN_KEY : "wrong");
  if (input.method === "GET" || input.method === "HEAD")
    return new Request(url, { method: input.method, headers: all });
  if (input.type !== "") all.set("Content-Type", input.type);
  return new Request(url, { method: input.method, headers: all, body: input.body });
}

const Answer = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string().min(1),
  success: z.literal(false),
  correlation_id: z.string().min(1),
});

/** The whole answer; a stream has no end and is left. */
async function contentOf(response: Response): Promise<string> {
  if (response.headers.get("Content-Type") !== "text/event-stream") return response.text();
  await response.body?.cancel();
  return "";
}

const UNAVAILABLE = new Set(["stream.full", "quote.too_old", "quote.unavailable", "candles.unavailable"]);
const STATUSES: ReadonlyMap<string, number> = new Map(
  Object.entries(PROBLEMS).map(([code, { status }]) => [code, status]),
);

function judge(input: Hostile, response: Response, content: string): void {
  if (response.status < 400) return;
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  expect(response.headers.get("X-Correlation-ID")).toBeTruthy();
  if (input.method === "HEAD") {
    expect(response.status).toBeLessThan(504);
    expect(response.status).not.toBe(500);
    return;
  }
  const problem = Answer.parse(JSON.parse(content));
  expect(problem.status).toBe(response.status);
  expect(STATUSES.has(problem.code)).toBe(true);
  if (response.status >= 500) expect(UNAVAILABLE).toContain(problem.code);
  if (problem.code !== "request.idempotency_conflict") expect(STATUSES.get(problem.code)).toBe(response.status);
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
});

test(`${REQUESTS} hostile requests get an answer or a problem with a known code, never a fault`, {
  timeout: 300_000,
}, async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(hostile, async (input) => {
      const request = requestOf(input);
      if (!request) return;
      const context = createExecutionContext();
      const response = await app.fetch(request, env, context);
      const content = await contentOf(response);
      await waitOnExecutionContext(context);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      judge(input, response, content);
    }),
    // What fails is printed with its seed and path, which `fc.assert` takes to run it again.
    { numRuns: REQUESTS, endOnFailure: false, interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true },
  );
  // The requests are not all refused at the door: some are answered, and all common refusals are met.
  for (const status of [200, 400, 401, 404, 405, 415]) expect(statuses.get(status)).toBeGreaterThan(10);
});
