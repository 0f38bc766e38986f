import { z } from "zod";

/** How an upstream can be made to misbehave. */
export const FAULT_KINDS = [
  "slow", // answers after `delay_ms`
  "hang", // never answers
  "stall", // sends half of the answer and then nothing
  "throttle", // 429, with Retry-After as `retry_after` says
  "server_error", // 500, or `status`
  "html", // a page, with status 200
  "truncated", // JSON that is cut off
  "wrong_types", // numbers for text and text for numbers
  "nulls", // null for every number
  "reset", // the connection breaks
  "stale", // what was true `seconds` ago
  "glitch", // prices and volumes times `factor`, 100 where it is not said
  "empty", // a proper answer without a candle, or without a row
  "off_grid", // candles of `from` to `to` are stamped 3,489 ms late, as Binance's of February 2018
  "revise", // closes of closed candles of `from` to `to` times `factor`, 1.01 where it is not said
  "odd_rows", // of candles of `from` to `to` every 7th closes at null, every 11th at zero, every 13th has its high below its low
  "refuse", // Alpha Vantage's refusals with status 200, as `refusal` says
] as const;

export const REFUSALS = [
  "throttled",
  "throttled_by_the_minute",
  "quota_spent",
  "premium_only",
  "demo_key",
  "bad_key",
  "bad_call",
] as const;

const FaultSchema = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  /** The endpoint that it befalls; every one without it. */
  endpoint: z.string().optional(),
  /** The symbol that it befalls, as the upstream writes it; every one without it. */
  symbol: z.string().optional(),
  /** How often it strikes, 0 to 1. */
  probability: z.number().min(0).max(1).default(1),
  /** How many calls it befalls before it is over; without end without it. */
  times: z.number().int().positive().optional(),
  delay_ms: z.number().int().min(0).max(600_000).default(1000),
  /** Seconds, `date` for an HTTP date 5 seconds ahead, or `none`. */
  retry_after: z.union([z.number().int().min(0), z.enum(["date", "none"])]).default(5),
  status: z.number().int().min(500).max(599).default(500),
  seconds: z
    .number()
    .int()
    .positive()
    .default(6 * 3600),
  factor: z.number().positive().optional(),
  /** Which candles it befalls: those stamped within [`from`, `to`), unix seconds; without them all. */
  from: z.number().optional(),
  to: z.number().optional(),
  refusal: z.enum(REFUSALS).default("throttled"),
});

export type Fault = z.infer<typeof FaultSchema>;

/** What `POST /control` takes; the faults that it lists replace those before. */
export const ControlSchema = z.strictObject({
  faults: z.array(FaultSchema).max(100).optional(),
  /** Restarts the random numbers of `probability`. */
  seed: z.number().int().optional(),
  /** Forgets the calls counted so far. */
  forget_calls: z.boolean().optional(),
});

/** The faults of one upstream, and their random. */
export interface FaultInjector {
  set(faults: readonly Fault[], seed?: number): void;
  current(): readonly Fault[];
  /** The fault that befalls a call, or null; at most one, the first that strikes. */
  faultFor(endpoint: string, symbols: readonly string[]): Fault | null;
}

/** The same random for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** No faults yet. */
export function createFaultInjector(): FaultInjector {
  let faults: { fault: Fault; left: number }[] = [];
  let random = seededRandom(1);
  return {
    set(list, seed) {
      faults = list.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
      if (seed !== undefined) random = seededRandom(seed);
    },
    current: () => faults.filter(({ left }) => left > 0).map(({ fault }) => fault),
    faultFor(endpoint, symbols) {
      for (const entry of faults) {
        const { fault } = entry;
        if (entry.left <= 0 || (fault.endpoint !== undefined && fault.endpoint !== endpoint)) continue;
        if (fault.symbol !== undefined && !symbols.includes(fault.symbol)) continue;
        if (random() >= fault.probability) continue;
        entry.left--;
        return fault;
      }
      return null;
    },
  };
}
