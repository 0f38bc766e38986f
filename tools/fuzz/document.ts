import { z } from "zod";

const Content = z.record(z.string(), z.looseObject({ schema: z.record(z.string(), z.unknown()) }));

const Operation = z.looseObject({
  operationId: z.string(),
  parameters: z
    .array(z.looseObject({ name: z.string(), in: z.string(), schema: z.record(z.string(), z.unknown()) }))
    .default([]),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: Content.optional() })),
});

const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

/** A JSON Schema as it stands in the document. */
export type JsonSchema = Record<string, unknown>;

/** One operation of the document. */
export interface Route {
  id: string;
  method: string;
  path: string;
  parameters: { name: string; in: string; schema: JsonSchema }[];
  body: JsonSchema | null;
  /** By status, then by media type; an empty map where an answer has no body. */
  answers: Map<number, Map<string, JsonSchema>>;
}

/** What requests are made from and answers are checked by. */
export interface ApiDocument {
  routes: Route[];
  schemas: Record<string, JsonSchema>;
}

/** Reads the OpenAPI document that a platform serves. */
export async function readDocument(url: string): Promise<ApiDocument> {
  const document = Document.parse(await (await fetch(`${url}/openapi.json`)).json());
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Route => {
      const answers = Object.entries(operation.responses).map(
        ([status, { content }]): [number, Map<string, JsonSchema>] => [
          Number(status),
          new Map(Object.entries(content ?? {}).map(([type, { schema }]) => [type, schema])),
        ],
      );
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters,
        body: operation.requestBody?.content["application/json"]?.schema ?? null,
        answers: new Map(answers),
      };
    }),
  );
  return { routes, schemas: document.components.schemas };
}
