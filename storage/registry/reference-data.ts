import type { SymbolRecord } from "../../contracts/symbol.ts";
import type { exchanges } from "../schema.ts";
import { CRYPTO_PAIRS } from "./reference/crypto.ts";
import { FOREX_PAIRS } from "./reference/forex.ts";
import { JSE_SHARES } from "./reference/jse.ts";
import { SANDBOX_STREAMS } from "./reference/sandbox.ts";
import { US_SHARES } from "./reference/us.ts";

/** The exchanges that a new registry knows; their calendars are in core/market-calendar. */
export const REFERENCE_EXCHANGES: readonly (typeof exchanges.$inferInsert)[] = [
  { code: "JSE", name: "Johannesburg Stock Exchange", country: "ZA", mic: "XJSE" },
  { code: "NASDAQ", name: "Nasdaq Stock Market", country: "US", mic: "XNAS" },
  { code: "NYSE", name: "New York Stock Exchange", country: "US", mic: "XNYS" },
  { code: "FOREX", name: "Foreign exchange", country: null, mic: null },
  { code: "BINANCE", name: "Binance", country: null, mic: null },
  { code: "CRYPTO", name: "Crypto, averaged over venues", country: null, mic: null },
  { code: "SIM", name: "Sandbox of the simulator", country: null, mic: null },
];

/**
 * The symbols that a new registry knows. A fact that could have changed or is not certain is null; market capitalisation,
 * shares outstanding, chief executives and employees always are.
 */
export const REFERENCE_SYMBOLS: readonly SymbolRecord[] = [
  ...JSE_SHARES,
  ...US_SHARES,
  ...CRYPTO_PAIRS,
  ...FOREX_PAIRS,
  ...SANDBOX_STREAMS,
];
