import type { SeededRandom } from "../seeded-random.ts";
import type { JsonSchema } from "./document.ts";

/** How well-behaved a generated value is. */
export type Manner = "valid" | "boundary" | "broken";

/** What no schema asks for, and hostile or careless callers send. */
const BROKEN: readonly unknown[] = [
  null,
  "",
  " ",
  "null",
  "undefined",
  "NaN",
  "-0",
  "1e309",
  "0x10",
  "١٢",
  -1,
  1.5,
  1e308,
  2 ** 53,
  true,
  [],
  {},
  [[[]]],
  "../../etc/passwd",
  "<script>alert(1)</script>",
  "' OR 1=1 --",
  "=cmd|' /C calc'!A0",
  "__proto__",
  "constructor",
  "\u0000",
  "\u202e",
  "\ud83d\ude00",
  "%00",
  "%",
  "a".repeat(5_000),
  "1,2,3",
  "{}",
  "[]",
  "2026-02-30",
  "9".repeat(400),
];

const SYMBOLS = [
  "BTC/USDT",
  "ETH/USDT",
  "btcusdt",
  "JSE:NPN",
  "NPN.JO",
  "AAPL",
  "NASDAQ:AAPL",
  "USD/ZAR",
  "USDZAR",
  "AAPLE",
  "BTC",
  "ZZZZ/QQQQ",
];
const INDICATORS = [
  "RSI",
  "MACD:12:26:9",
  "SMA:5",
  "BOLLINGER",
  "ADX",
  "OBV",
  "VWAP:week",
  "ICHIMOKU",
  "PSAR",
  "DOJI",
  "sma:period=3",
];
const TIMES = ["2026-11-20T00:00:00Z", "2026-11-21", "1795185000", "1970-01-01", "2199-12-31T23:59:59Z"];

/** Values that fit a member by its name, which says more than its type. */
function valueByName(name: string, random: SeededRandom): unknown {
  switch (name) {
    case "symbol":
      return random.pick(SYMBOLS);
    case "symbols":
      return Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => random.pick(SYMBOLS));
    case "indicators":
      return Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => random.pick(INDICATORS));
    case "from":
    case "to":
    case "since":
    case "until":
      return random.pick(TIMES);
    default:
      return undefined;
  }
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function numberOf(schema: JsonSchema, manner: Manner, random: SeededRandom): number {
  const min = typeof schema.minimum === "number" ? schema.minimum : 0;
  const max = typeof schema.maximum === "number" ? Math.min(schema.maximum, 2 ** 40) : min + 1_000;
  if (manner === "boundary") return random.pick([min, max, min - 1, max + 1]);
  // Small ones are asked most: large ones cost the platform and teach little.
  const range = Math.min(max - min, 60);
  const value = min + random.next() * range;
  return schema.type === "number" ? value : Math.round(value);
}

/** Makes values of schemas. */
export interface ValueGenerator {
  of(schema: JsonSchema, name: string, manner: Manner, depth?: number): unknown;
}

export function createValueGenerator(schemas: Record<string, JsonSchema>, random: SeededRandom): ValueGenerator {
  function objectOf(schema: JsonSchema, manner: Manner, depth: number): Record<string, unknown> {
    const required = new Set(listOf(schema.required));
    const made: Record<string, unknown> = {};
    for (const [name, session] of Object.entries(isSchema(schema.properties) ? schema.properties : {})) {
      const indicator = required.has(name) ? manner !== "broken" || random.next() < 0.8 : random.next() < 0.4;
      if (indicator && isSchema(session)) made[name] = of(session, name, manner, depth + 1);
    }
    if (manner === "broken" && random.next() < 0.3)
      made[random.pick(["extra", "__proto__", "symbol", ""])] = random.pick(BROKEN);
    return made;
  }

  function of(schema: JsonSchema, name: string, manner: Manner, depth = 0): unknown {
    if (typeof schema.$ref === "string")
      return of(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}, name, manner, depth);
    if (manner === "broken" && random.next() < 0.35) return random.pick(BROKEN);
    const known = valueByName(name, random);
    if (known !== undefined && random.next() < 0.9) return known;
    const forms = [...listOf(schema.anyOf), ...listOf(schema.oneOf)].filter(isSchema);
    if (forms.length > 0) return of(random.pick(forms), name, manner, depth);
    const options = listOf(schema.enum);
    if (options.length > 0) return random.pick(options);
    if ("const" in schema) return schema.const;
    const [type] = [schema.type].flat();
    switch (type) {
      case "object":
        return objectOf(schema, manner, depth);
      case "array": {
        const length = depth > 4 ? 0 : Math.floor(random.next() * 4);
        const { items } = schema;
        return isSchema(items)
          ? Array.from({ length }, () => of(items, name.replace(/s$/, ""), manner, depth + 1))
          : [];
      }
      case "integer":
      case "number":
        return numberOf(schema, manner, random);
      case "boolean":
        return random.next() < 0.5;
      case "null":
        return null;
      default:
        return schema.example ?? random.pick(["text", "FUZZ", "2026-11-20", ...SYMBOLS]);
    }
  }

  return { of };
}

/** Something that no schema asks for. */
export const brokenValue = (random: SeededRandom): unknown => random.pick(BROKEN);
