interface Header {
  description: string;
  schema: { type: "string" | "integer"; format?: string; maxLength?: number; minimum?: number; maximum?: number };
  example: string | number;
  /** Which answers may carry it. */
  on: (status: string, method: string) => boolean;
}

const text = { type: "string" as const, maxLength: 1024 };
const isRead = (status: string, method: string): boolean => method === "get" && (status === "200" || status === "304");

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
    description: "What is left of a limit, where one applies (draft-ietf-httpapi-ratelimit-headers).",
    schema: text,
    example: '"minute";r=587;t=42',
    on: (status) => /^[24]/.test(status),
  },
  "RateLimit-Policy": {
    description: "The limits that apply.",
    schema: text,
    example: '"minute";q=600;w=60',
    on: (status) => /^[24]/.test(status),
  },
  "Retry-After": {
    description: "Seconds after which to ask again.",
    schema: { type: "integer", format: "int64", minimum: 0, maximum: 86_400 },
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
    on: isRead,
  },
  "Cache-Control": {
    description: "For how long others may keep the answer.",
    schema: text,
    example: "public, max-age=1",
    on: isRead,
  },
  "Cache-Status": {
    description: "The tier that answered: memory, kv, room or provider (RFC 9211).",
    schema: text,
    example: "memory; hit",
    on: isRead,
  },
  Location: {
    description: "Where the new resource is.",
    schema: text,
    example: "/symbols/JSE:NPN",
    on: (status) => status === "201",
  },
};
