import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError, PROBLEMS, type ProblemCode } from "../../contracts/problem.ts";
import { type FixedText, fixedResponse, fixedText, jsonResponse, problemResponses } from "../http/responses.ts";
import { type AppEnv, createService } from "../http/service.ts";
import { openApiDocument } from "./openapi/document.ts";

const problemRoute = createRoute({
  method: "get",
  path: "/problems/{code}",
  operationId: "getProblem",
  summary: "What a problem code means",
  tags: ["Operations"],
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
  return jsonResponse(c, { code, ...PROBLEMS[code] }, {}, { maxAge: 3600 });
});

const documentRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApiDocument",
  summary: "This document",
  tags: ["Operations"],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "OpenAPI 3.1",
      content: { "application/json": { schema: z.looseObject({ openapi: z.string().openapi({ example: "3.1.0" }) }) } },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 429),
  },
});

/** Adds `/openapi.json`: the document of every route that stands in `app` by now. */
export function serveDocument(app: OpenAPIHono<AppEnv>): void {
  let document: FixedText | undefined;
  app.openapi(documentRoute, async (c) => {
    document ??= await fixedText(JSON.stringify(openApiDocument(app)));
    return fixedResponse(c, document, "application/json", { maxAge: 60 });
  });
}
