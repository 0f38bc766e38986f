import type { SymbolRecord } from "../../../contracts/symbol.ts";
import { record } from "./record.ts";

const STREAMS: readonly (readonly [code: string, name: string])[] = [
  ["CLEAN", "without faults"],
  ["GAPPY", "that loses events"],
  ["LATE", "whose events come late"],
  ["REVISE", "whose bars are revised"],
  ["FLAKY", "with outages and repetitions"],
];

/** Simulated streams that misbehave on a schedule, so that users can test their clients; docs/sandbox.md describes each. */
export const SANDBOX_STREAMS: readonly SymbolRecord[] = STREAMS.map(([code, name]) =>
  record({
    symbol: `SIM:${code}`,
    name: `Sandbox: a simulated stream ${name}`,
    type: "stock",
    currency: "USD",
    primary_exchange: "SIM",
    data_sources: ["simulator"],
    price_unit: "USD",
    price_decimals: 2,
    volume_unit: "shares",
    provider_symbols: {},
  }),
);
