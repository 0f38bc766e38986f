import { distortSeries } from "./candle-faults.ts";
import type { Fault } from "./faults.ts";
import type { FakeAnswer } from "./upstream.ts";

const NUMERAL = /^-?\d+(\.\d+)?%?$/;
/** Stamps are at least this, in seconds or in milliseconds; prices and volumes of a session are less. */
const STAMPS_FROM = 1.4e9;

const GLITCH_FACTOR = 100;

/** A document with every leaf changed. */
function mapLeaves(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => mapLeaves(entry, change));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapLeaves(entry, change)]));
  }
  return change(value);
}

const isNumeral = (leaf: unknown): leaf is string => typeof leaf === "string" && NUMERAL.test(leaf);

function scaled(leaf: unknown, factor: number): unknown {
  if (typeof leaf === "number") return leaf >= STAMPS_FROM ? leaf : leaf * factor;
  if (!isNumeral(leaf) || leaf.endsWith("%")) return leaf;
  return (Number(leaf) * factor).toFixed(leaf.split(".")[1]?.length ?? 0);
}

/** The document of an answer as a fault distorts it. */
export function distort({ body, series }: Pick<FakeAnswer, "body" | "series">, fault: Fault | null): unknown {
  const written = series && fault ? distortSeries(series, fault) : null;
  if (written !== null) return written;
  switch (fault?.kind) {
    case "wrong_types":
      return mapLeaves(body, (leaf) =>
        typeof leaf === "number" ? String(leaf) : isNumeral(leaf) ? Number.parseFloat(leaf) : leaf,
      );
    case "nulls":
      return mapLeaves(body, (leaf) => (typeof leaf === "number" || isNumeral(leaf) ? null : leaf));
    case "glitch":
      return mapLeaves(body, (leaf) => scaled(leaf, fault.factor ?? GLITCH_FACTOR));
    case "empty":
      return Array.isArray(body) ? [] : body;
    default:
      return body;
  }
}

/** Alpha Vantage's refusals in our words; the daily quota's repeats the caller's key, as the real one does. */
export function refusalBody(refusal: Fault["refusal"], key: string): object {
  switch (refusal) {
    case "throttled":
      return { Information: "Please consider spreading out your requests (1 request per second)." };
    case "throttled_by_the_minute":
      return { Note: "The call frequency is 5 calls per minute and 500 calls per day." };
    case "quota_spent":
      return { Information: `We have detected your API key as ${key} and our rate limit is 25 requests per day.` };
    case "premium_only":
      return { Information: "This is a premium endpoint." };
    case "demo_key":
      return { Information: "The **demo** API key is for demo purposes only." };
    case "bad_key":
      return { "Error Message": "the parameter apikey is invalid or missing." };
    case "bad_call":
      return { "Error Message": "Invalid API call." };
  }
}
