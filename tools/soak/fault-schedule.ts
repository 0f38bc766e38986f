import type { FakeName } from "../fakes/start.ts";
import type { SeededRandom } from "../seeded-random.ts";

/** A fault as an upstream's `/control` takes it. */
export interface Fault {
  kind: string;
  probability: number;
  [setting: string]: unknown;
}

type FaultTemplate = { kind: string } & Record<string, string | number>;

/**
 * What can befall an upstream. Alpha Vantage's refusals that hold for hours by design (a spent quota, a bad key) are left out:
 * no recovery within a minute is due after them.
 */
const COMMON_FAULTS: readonly FaultTemplate[] = [
  { kind: "slow", delay_ms: 800 },
  { kind: "slow", delay_ms: 3_500 },
  { kind: "hang" },
  { kind: "stall" },
  { kind: "throttle", retry_after: 2 },
  { kind: "throttle", retry_after: "none" },
  { kind: "throttle", retry_after: "date" },
  { kind: "server_error", status: 500 },
  { kind: "server_error", status: 503 },
  { kind: "html" },
  { kind: "truncated" },
  { kind: "wrong_types" },
  { kind: "nulls" },
  { kind: "reset" },
  { kind: "stale", seconds: 6 * 3600 },
  { kind: "stale", seconds: 90 },
];

/**
 * Prices 100 times off, which never may be served. Only one source of a symbol lies at a time: two that agree are
 * believed, as they should be.
 */
const PRICE_FAULTS: Record<FakeName, readonly FaultTemplate[]> = {
  binance: [
    { kind: "glitch", endpoint: "ticker/24hr", factor: 100 },
    { kind: "glitch", endpoint: "ticker/24hr", factor: 0.01 },
  ],
  coingecko: [],
  alpha_vantage: [
    { kind: "refuse", refusal: "throttled" },
    { kind: "refuse", refusal: "throttled_by_the_minute" },
    { kind: "refuse", refusal: "bad_call" },
    { kind: "glitch", endpoint: "REALTIME_BULK_QUOTES", factor: 100 },
    { kind: "glitch", endpoint: "CURRENCY_EXCHANGE_RATE", factor: 0.01 },
  ],
  jse: [{ kind: "glitch", endpoint: "quote", factor: 0.01 }],
};

const PROBABILITIES = [0.3, 0.6, 1];

/** What goes wrong next at an upstream. */
export type FaultSchedule = () => Fault[];

/** Draws nothing, one fault or two at a time, each fault once before any comes again. */
export function faultScheduleOf(name: FakeName, random: SeededRandom): FaultSchedule {
  let deck: FaultTemplate[] = [];
  const draw = (): Fault => {
    if (deck.length === 0) deck = [...COMMON_FAULTS, ...PRICE_FAULTS[name]];
    const [fault] = deck.splice(Math.floor(random.next() * deck.length), 1);
    return { ...fault, kind: fault.kind, probability: random.pick(PROBABILITIES) };
  };
  return () => Array.from({ length: random.pick([0, 1, 1, 2]) }, draw);
}
