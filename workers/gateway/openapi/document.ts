import type { OpenAPIHono } from "@hono/zod-openapi";
import { VERSION } from "../../../contracts/version.ts";
import type { AppEnv } from "../../http/service.ts";
import { documentAccess } from "./access.ts";
import { completeDocument } from "./completion.ts";

const SCOPES = "`read`, `stream`, `symbols:write` or `admin`";

/** The ways to send a key. Administration takes none but those with the scope `admin`. */
const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "opaque",
    description: `A key with the scope that the route needs: ${SCOPES}. RFC 6750.`,
  },
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "The same key in a header of its own." },
  adminBearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "opaque",
    description: "A key with the scope `admin`, or the bootstrap token. RFC 6750.",
  },
  adminApiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "The same in a header of its own." },
} as const;

const INFO = {
  title: "WizData Edge",
  version: VERSION,
  description:
    "Quotes, candles, indicators and a symbol registry for JSE shares, US shares, crypto and forex. Prices are in the symbol's `price_unit`: South African cents (`ZAc`) for JSE shares.",
  contact: { name: "WizData Edge" },
};

const TAGS = [
  { name: "Quotes", description: "The latest price of a symbol, with its source, its time and its freshness" },
  { name: "Candles", description: "Open, high, low, close and volume by interval" },
  { name: "Indicators", description: "Technical indicators over stored candles, or over yours" },
  { name: "Symbols", description: "The registry of symbols, exchanges and asset types" },
  { name: "Streaming", description: "Live events; their messages are in /asyncapi.json" },
  { name: "Operations", description: "Health, measurements, and what problems mean" },
  { name: "Administration", description: "For those who run the platform" },
];

/** The whole OpenAPI document, of every route that stands in `app` by now. */
export function openApiDocument(app: OpenAPIHono<AppEnv>) {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: INFO,
    servers: [
      { url: "/", description: "Production, or wherever this document was read", "x-internal": false },
      { url: "/v1", description: "The same by version, in production or wherever this was read", "x-internal": false },
    ],
    tags: TAGS,
  });
  return completeDocument(documentAccess(document));
}
