import type { SymbolRecord } from "../../../contracts/symbol.ts";
import { record } from "./record.ts";

const CURRENCIES = {
  AUD: "Australian Dollar",
  CAD: "Canadian Dollar",
  CHF: "Swiss Franc",
  EUR: "Euro",
  GBP: "British Pound",
  JPY: "Japanese Yen",
  NZD: "New Zealand Dollar",
  USD: "US Dollar",
  ZAR: "South African Rand",
};

type Currency = keyof typeof CURRENCIES;

const PAIRS: readonly (readonly [base: Currency, quote: Currency])[] = [
  ["USD", "ZAR"],
  ["EUR", "ZAR"],
  ["GBP", "ZAR"],
  ["EUR", "USD"],
  ["GBP", "USD"],
  ["USD", "JPY"],
  ["AUD", "USD"],
  ["USD", "CHF"],
  ["USD", "CAD"],
  ["NZD", "USD"],
  ["EUR", "GBP"],
  ["EUR", "JPY"],
];

/** Spot forex: a pip is 0.0001, against the yen 0.01, and prices have a tenth of one. */
export const FOREX_PAIRS: readonly SymbolRecord[] = PAIRS.map(([base, quote]) =>
  record({
    symbol: `${base}/${quote}`,
    name: `${CURRENCIES[base]} / ${CURRENCIES[quote]}`,
    type: "forex",
    currency: quote,
    primary_exchange: "FOREX",
    data_sources: ["alpha_vantage"],
    price_unit: quote,
    price_decimals: quote === "JPY" ? 3 : 5,
    volume_unit: null,
    provider_symbols: { alpha_vantage: `${base}/${quote}` },
  }),
);
