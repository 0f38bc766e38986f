import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError, PROBLEMS, type ProblemCode } from "../../contracts/problem.ts";
import { answerRead, answerText, problemResponses } from "../answers.ts";
import { type AppEnv, createService } from "../service.ts";
import { VERSION } from "./version.ts";

const problemRoute = createRoute({
  method: "get",
  path: "/problems/{code}",
  operationId: "getProblem",
  summary: "What a problem code means",
  tags: ["Operations"],
  security: [],
  request: {
    params: z.object({
      code: z.string().openapi({ param: { name: "code", in: "path" }, example: "symbol.not_found" }),
    }),
    query: NO_QUERY,
  },
  responses: {
    200: {
      description: "The explanation",
      content: {
        "application/json": {
          schema: z.object({
            success: z.literal(true),
            data: z.object({ code: z.string(), status: z.number().int(), title: z.string(), explanation: z.string() }),
            timestamp: z.string(),
          }),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404),
  },
});

const isCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** The explanations of problems. */
export const problems = createService();

problems.openapi(problemRoute, (c) => {
  const { code } = c.req.valid("param");
  if (!isCode(code)) {
    throw new ApiError(
      "route.not_found",
      `There is no such problem. The codes are ${Object.keys(PROBLEMS).join(", ")}.`,
    );
  }
  return answerRead(c, { code, ...PROBLEMS[code] }, {}, { maxAge: 3600 });
});

const documentRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApiDocument",
  summary: "This document",
  tags: ["Operations"],
  security: [],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "OpenAPI 3.1",
      content: { "application/json": { schema: z.looseObject({ openapi: z.string() }) } },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 429),
  },
});

/** Adds `/openapi.json`: the document of every route that stands in `app` by now. */
export function serveDocument(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
  });
  let document: string | undefined;
  app.openapi(documentRoute, (c) => {
    document ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: "3.1.0",
        info: {
          title: "WizData Edge",
          version: VERSION,
          description:
            "Quotes, candles and a symbol registry for JSE shares, US shares, crypto and forex. Prices are in the symbol's `price_unit`: South African cents (`ZAc`) for JSE shares.",
        },
        servers: [
          { url: "/", description: "The platform" },
          { url: "/v1", description: "The same, by version" },
        ],
        tags: [
          { name: "Quotes", description: "The latest price of a symbol, with its source, its time and its freshness" },
          { name: "Candles", description: "Open, high, low, close and volume by interval" },
          { name: "Indicators", description: "Technical indicators over stored candles, or over yours" },
          { name: "Streaming", description: "Live quotes, candles and indicators, without silent gaps" },
          { name: "Symbols", description: "The registry of symbols, exchanges and asset types" },
          { name: "Operations", description: "Health, and what problems mean" },
          { name: "Administration", description: "For those who run the platform" },
        ],
      }),
    );
    return answerText(c, document, document, "application/json", { maxAge: 60 });
  });
}
