import { formatCursor } from "../../http/cursor.ts";

/** Bodies that a newcomer may send as they stand, by operation; each is accepted by the platform. */
export const BODY_EXAMPLES: Readonly<Record<string, object>> = {
  createSymbol: {
    symbol: "JSE:STX40",
    name: "Satrix 40 ETF",
    type: "etf",
    currency: "ZAR",
    country: "ZA",
    primary_exchange: "JSE",
    isin: "ZAE000027108",
    provider_symbols: { jse: "STX40" },
  },
  changeSymbol: { description: "The first and largest cryptocurrency.", website: "https://bitcoin.org" },
  importCandles: {
    symbol: "JSE:NPN",
    interval: "1d",
    adjustment: "split",
    import: {
      file: "npn-daily.csv",
      sha256: "a8f5f167f44f4964e6c998dee827110c0a3f2e0f0b6d8a8f6d5c4b3a29180706",
      rows: 2,
      last: true,
    },
    rows: [
      { line: 2, time: "2026-11-18", open: 70_310, high: 71_125, low: 70_004, close: 70_893, volume: 1_204_511 },
      { line: 3, time: "2026-11-19", open: 70_900, high: 71_480, low: 70_512, close: 71_236, volume: 987_340 },
    ],
  },
  calculateIndicators: { symbol: "BTC/USDT", indicators: ["RSI", "MACD:12:26:9"], interval: "1h", data_points: 100 },
  changeImport: { adjustment: "split_dividend", adjusted_as_of: "2026-11-20" },
  createKey: { name: "dashboard", scopes: ["read", "stream"], tier: "free", expires_at: "2030-01-01T00:00:00Z" },
  broadcast: { message: "Maintenance begins at 18:00 UTC." },
  renewEpoch: { symbol: "BTC/USDT" },
};

/** Parameters whose schema alone does not say what would be accepted, by operation and name. */
export const PARAMETER_EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  getQuotes: { symbols: ["BTC/USDT", "AAPL"] },
  getCandles: {
    from: "2026-11-18T00:00:00Z",
    to: "2026-11-20T00:00:00Z",
    limit: 100,
    cursor: formatCursor({ symbol: "BTC/USDT", interval: "1h", direction: "backward", time: 1_795_185_000 }),
  },
  getIndicators: {
    indicators: ["RSI", "MACD:12:26:9"],
    from: "2026-11-18T00:00:00Z",
    to: "2026-11-20T00:00:00Z",
    data_points: 100,
  },
  getExchangeCalendar: { from: "2026-11-20", to: "2026-12-01" },
  listSymbols: { limit: 100, cursor: formatCursor({ after: "AAPL" }) },
  listStreamableSymbols: { limit: 100, cursor: formatCursor({ after: "AAPL" }) },
  createSymbol: { "idempotency-key": "9b2f1f0c-add-stx40" },
  openSocket: { ticket: "0f6f2d3d8a114f1c9a526a0e4c619d1b" },
  openSymbolSocket: { ticket: "0f6f2d3d8a114f1c9a526a0e4c619d1b" },
  streamSymbol: { ticket: "0f6f2d3d8a114f1c9a526a0e4c619d1b", indicators: "RSI", max_hz: 4 },
  listAudit: { limit: 100, before: 1_042 },
  listQualityDecisions: { limit: 100 },
  listImports: {
    limit: 100,
    cursor: formatCursor({ startedAt: "2026-11-20T14:30:00.000Z", id: "912b1a44853dabd649ec46f358093950" }),
  },
};
