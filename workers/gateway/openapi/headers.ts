interface Header {
  description: string;
  schema: { type: "string" | "integer"; format?: string; maxLength?: number; minimum?: number; maximum?: number };
  example: string | number;
  /** Which answers may carry it. */
  on: (status: string, operation: string) => boolean;
}

/** Reads whose answers are tagged, and for which `If-None-Match` is honoured. */
const TAGGED: ReadonlySet<string> = new Set([
  ...["getQuote", "getQuotes", "getCandles", "listIndicators", "getIndicators", "listSymbols", "listStreamableSymbols"],
  ...[
    "getSymbol",
    "validateSymbol",
    "listExchanges",
    "getExchangeCalendar",
    "listTypes",
    "getProblem",
    "getOpenApiDocument",
  ],
  ...["getAsyncApiDocument", "listImports"],
]);

/** Reads that some tier may answer. */
const TIERED: ReadonlySet<string> = new Set(["getQuote", "getQuotes", "getCandles", "getIndicators"]);

/** Reads whose answers can be tables. */
const TABLES: ReadonlySet<string> = new Set([...TIERED]);

/** Reads of which there may be another page. */
const PAGED: ReadonlySet<string> = new Set(["getCandles", "listSymbols", "listStreamableSymbols", "listImports"]);

const text = { type: "string" as const, maxLength: 1024 };
const isRead = (status: string): boolean => status === "200" || status === "304";

/** The headers of answers that every client should know. */
export const HEADERS: Readonly<Record<string, Header>> = {
  "X-Correlation-ID": {
    description: "The request's id: the caller's own where it sent a usable one.",
    schema: text,
    example: "4f1c9a52-6a0e-4c61-9d1b-0f6f2d3d8a11",
    on: () => true,
  },
  "Server-Timing": {
    description: "Where the request's time went, in milliseconds (W3C Server Timing).",
    schema: text,
    example: "total;dur=12, room;dur=9",
    on: () => true,
  },
  "Access-Control-Allow-Origin": {
    description: "The origin whose pages may read the answer, where the request names one that is configured.",
    schema: text,
    example: "*",
    on: () => true,
  },
  RateLimit: {
    description:
      "What is left of a key's quotas (draft-ietf-httpapi-ratelimit-headers); without a key, with 429 alone: the limit that was met.",
    schema: text,
    example: '"minute";r=587;t=42',
    on: (status) => /^[24]/.test(status),
  },
  "RateLimit-Policy": {
    description: "The limits that apply: a key's quotas, or what callers without a key are held to.",
    schema: text,
    example: '"burst";q=100;w=10, "minute";q=600;w=60',
    on: (status) => /^[24]/.test(status),
  },
  "Retry-After": {
    description: "Seconds after which to ask again.",
    schema: { type: "integer", format: "int32", minimum: 0, maximum: 86_400 },
    example: 5,
    on: (status) => status === "429" || status === "503",
  },
  "WWW-Authenticate": {
    description: "How to send a key (RFC 6750).",
    schema: text,
    example: 'Bearer realm="wizdata-edge"',
    on: (status) => status === "401",
  },
  ETag: {
    description: "The answer's entity tag: send it as If-None-Match.",
    schema: text,
    example: 'W/"k3v9x2-1041-live-open"',
    on: (status, operation) => isRead(status) && TAGGED.has(operation),
  },
  "Cache-Control": {
    description: "For how long others may keep the answer.",
    schema: text,
    example: "public, max-age=1",
    on: () => true,
  },
  "Cache-Status": {
    description: "The tier that answered: memory, kv, room or provider (RFC 9211).",
    schema: text,
    example: "memory; hit",
    on: (status, operation) => isRead(status) && TIERED.has(operation),
  },
  "Content-Disposition": {
    description: "With comma-separated values: the name of the file that they are saved as.",
    schema: text,
    example: 'attachment; filename="BTC-USDT_1h.csv"',
    on: (status, operation) => status === "200" && TABLES.has(operation),
  },
  Location: {
    description: "Where the new resource is.",
    schema: text,
    example: "/symbols/JSE:STX40",
    on: (status, operation) => status === "201" && operation === "createSymbol",
  },
  Link: {
    description: 'Where the next page is, as rel="next", or the one before, as rel="prev" (RFC 8288).',
    schema: text,
    example: '</symbols?limit=100&cursor=eyJhZnRlciI6IkFBUEwifQ>; rel="next"',
    on: (status, operation) => isRead(status) && PAGED.has(operation),
  },
  Vary: {
    description: "The request headers that the answer depends on; tables depend on Accept as well.",
    schema: text,
    example: "Accept-Encoding, Origin",
    on: () => true,
  },
};
