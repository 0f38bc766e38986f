import { ApiError, PROBLEMS, type ProblemCode } from "../../../contracts/problem.ts";

/** A JSON Schema as the document has it, as far as an example needs to know it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  example?: unknown;
  examples?: unknown[];
  default?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  format?: string;
}

type Schemas = Readonly<Record<string, Schema>>;

const TIME = "2026-11-20T14:30:00.000Z";
const UNIX = 1_795_185_000;
const ID = "4f1c9a52-6a0e-4c61-9d1b-0f6f2d3d8a11";

/** What a member of a name is like, where its schema alone would say "string". */
const BY_NAME: Readonly<Record<string, unknown>> = {
  symbol: "BTC/USDT",
  canonical: "BTC/USDT",
  name: "Bitcoin",
  currency: "USDT",
  price_unit: "USDT",
  exchange: "BINANCE",
  primary_exchange: "BINANCE",
  country: "ZA",
  timezone: "Africa/Johannesburg",
  epoch: "k3v9x2",
  interval: "1h",
  algorithm: "rsi.wilder@1",
  correlation_id: ID,
  connection_id: ID,
  instance: "/quotes/BTC/USDT",
  version: "1.0.0",
  service: "wizdata-edge",
  code: "symbol.not_found",
  type: "/problems/symbol.not_found",
  website: "https://example.com",
  isin: "ZAE000015889",
  from: TIME,
  to: TIME,
  time: UNIX,
  start: TIME,
  prefix: "wz_3k9d",
  price: 60_340.14,
  open: 59_499.04,
  high: 62_590.14,
  low: 59_341.18,
  close: 60_340.14,
  previous_close: 59_499.04,
  change: 841.1,
  change_percent: 1.4136,
  bid: 60_340.13,
  ask: 60_340.15,
  volume: 25_617.64,
  age_seconds: 1.2,
  seq: 1041,
};

const TIMES = /(?:_at|^timestamp|^last_updated|^until|^next_open|^next_close)$/;

/** Whether a member of this name is a time, where its schema says "string". */
export const isTimeName = (name: string): boolean => TIMES.test(name);

function stringOf(name: string, schema: Schema): string {
  if (schema.format === "date-time" || TIMES.test(name)) return TIME;
  return "text";
}

const typeOf = (schema: Schema): string | undefined => {
  if (!Array.isArray(schema.type)) return schema.type;
  return schema.type.find((type) => type !== "null");
};

function declaredExample(schema: Schema): unknown {
  return schema.const ?? schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.enum?.[0];
}

function isOfType(value: unknown, type: string | undefined): boolean {
  return typeof value === (type === "integer" ? "number" : type);
}

function objectOf(schema: Schema, schemas: Schemas): Record<string, unknown> {
  const sessions = Object.entries(schema.properties ?? {}).map(([name, session]) => [
    name,
    exampleOf(session, schemas, name),
  ]);
  const rest = schema.additionalProperties;
  if (sessions.length === 0 && rest && typeof rest === "object") sessions.push(["BTC/USDT", exampleOf(rest, schemas)]);
  return Object.fromEntries(sessions);
}

/** An example that fits a schema: its own where it has one, else made of its parts. */
export function exampleOf(schema: Schema, schemas: Schemas, name = ""): unknown {
  if (schema.$ref) return exampleOf(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}, schemas, name);
  const own = declaredExample(schema);
  if (own !== undefined) return own;
  const forms = schema.anyOf ?? schema.oneOf;
  const known = BY_NAME[name];
  const fitting = forms?.find((each) => known !== undefined && isOfType(known, typeOf(each)));
  const form = fitting ?? forms?.find((each) => each.type !== "null") ?? forms?.[0];
  if (form) return exampleOf(form, schemas, name);
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, schemas, name)), objectOf(schema, schemas));
  }
  const type = typeOf(schema);
  const named = BY_NAME[name];
  if (named !== undefined && isOfType(named, type)) return named;
  switch (type) {
    case "object":
      return objectOf(schema, schemas);
    case "array":
      return schema.items ? [exampleOf(schema.items, schemas, name.replace(/s$/, ""))] : [];
    case "integer":
      return Math.max(schema.minimum ?? 1, 1);
    case "number":
      return Math.max(schema.minimum ?? 1.5, 1.5);
    case "boolean":
      return true;
    case "string":
      return stringOf(name, schema);
    default:
      return null;
  }
}

/** What cannot be had where a route answers 503 with more than that a store is out of reach. */
const UNAVAILABLE: readonly [RegExp, ProblemCode][] = [
  [/^\/quotes/, "quote.unavailable"],
  [/^\/(?:ohlcv|calculate|indicators\/\{symbol\})/, "candles.unavailable"],
  [/^\/(?:ws|stream)/, "stream.full"],
];

/** Routes that name a symbol, though not in their path. */
const SYMBOL_OUTSIDE_PATH: ReadonlySet<string> = new Set(["/quotes", "/admin/epochs/renew"]);

/** What routes answer 409 with, where that is not an ambiguous symbol. */
const CONFLICTS: ReadonlyMap<string, ProblemCode> = new Map([
  ["/symbols", "symbol.exists"],
  ["/admin/import", "candles.conflict"],
  ["/admin/imports/{id}", "import.deleting"],
]);

/** The problem that a route answers a status with most often. */
function codeOf(status: number, path: string): ProblemCode | undefined {
  switch (status) {
    case 404:
      return path.includes("{symbol}") || SYMBOL_OUTSIDE_PATH.has(path) ? "symbol.not_found" : "route.not_found";
    case 409:
      return CONFLICTS.get(path) ?? "symbol.ambiguous";
    case 422:
      return path === "/symbols" ? "request.idempotency_conflict" : "indicator.not_enough_data";
    case 503:
      return UNAVAILABLE.find(([routes]) => routes.test(path))?.[1] ?? "service.unavailable";
    case 401:
      return "auth.missing";
    default:
      return Object.entries(PROBLEMS).flatMap(([code, kind]) =>
        kind.status === status && isCode(code) ? [code] : [],
      )[0];
  }
}

const isCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** A problem document that a route may answer with; undefined where no problem has that status. */
export function problemExample(status: number, path: string): Record<string, unknown> | undefined {
  const code = codeOf(status, path);
  if (!code) return undefined;
  const [sentence] = PROBLEMS[code].explanation.split(/(?<=\.) /);
  const errors = [{ in: "query" as const, path: "limit", message: "must be a whole number from 1 to 5000" }];
  const problem = new ApiError(code, sentence, status === 400 ? { errors } : {}).toProblem();
  const all = path === "/quotes" && (status === 404 || status === 503) ? { errors: { AAPLE: problem } } : {};
  return { ...problem, ...all, instance: path.replace("{symbol}", "AAPLE"), correlation_id: ID };
}
