import { z } from "zod";
import type { ApiDocument, JsonSchema, Route } from "./document.ts";
import type { FuzzRequest } from "./requests.ts";

/** An answer, as far as it is checked. */
export interface FuzzResponse {
  status: number;
  type: string;
  correlationId: string | null;
  text: string;
}

/** What looks like the inside of the platform. */
const INTERNALS =
  /\bat [\w$.<>]+ \(?[\w./:-]+:\d+:\d+\)?|\.ts:\d+|node_modules|SQLITE_|D1_ERROR|durableObject|\[object Object\]/;

/** Statuses that any address may answer with where no route of the document takes a request. */
const UNROUTED = new Set([200, 204, 304, 400, 401, 403, 404, 405, 409, 410, 413, 415, 426, 429, 503]);

/** Codes with which 503 says that there is no such data now. Any other says that a part of the platform is away, which it must not be here. */
const NO_DATA: readonly unknown[] = ["quote.too_old", "quote.unavailable", "candles.unavailable"];

const Problem = z.object({ code: z.string() });

/** The code of a problem; null where a text is none. */
function codeOf(text: string): string | null {
  try {
    return Problem.safeParse(JSON.parse(text)).data?.code ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Judges answers by the document. */
export interface ResponseCheck {
  /** What is wrong with an answer, or null. */
  faultOf(request: FuzzRequest, answer: FuzzResponse): string | null;
}

export function createResponseCheck(document: ApiDocument): ResponseCheck {
  const validators = new Map<JsonSchema, z.ZodType>();

  function validatorOf(schema: JsonSchema): z.ZodType {
    const known = validators.get(schema);
    if (known) return known;
    const whole = JSON.stringify({ ...schema, $defs: document.schemas }).replaceAll(
      "#/components/schemas/",
      "#/$defs/",
    );
    const validator = z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(JSON.parse(whole)));
    validators.set(schema, validator);
    return validator;
  }

  function bodyFault(route: Route, { status, type, text }: FuzzResponse): string | null {
    const types = route.answers.get(status);
    if (!types) return `answers ${status}, which the document does not name`;
    if (types.size === 0) return text === "" ? null : `has a body with ${status}`;
    const schema = types.get(type);
    if (!schema) return `is of the type ${type}`;
    if (!type.endsWith("json")) return null;
    const checked = validatorOf(schema).safeParse(JSON.parse(text));
    return checked.success ? null : `breaks its schema: ${JSON.stringify(checked.error.issues).slice(0, 300)}`;
  }

  return {
    faultOf(request, answer) {
      const { status, text } = answer;
      const isMissing = status === 503 && (request.method === "HEAD" || NO_DATA.includes(codeOf(text)));
      if (status >= 500 && !isMissing) return `answers ${status} ${codeOf(text) ?? ""}`.trimEnd();
      if (INTERNALS.test(text)) return "shows the inside of the platform";
      if (!answer.correlationId) return "has no X-Correlation-ID";
      if (request.route && request.method !== "HEAD") return bodyFault(request.route, answer);
      return UNROUTED.has(status) ? null : `answers ${status} where there is no route`;
    },
  };
}
