import { z } from "@hono/zod-openapi";
import { PROBLEMS, type ProblemCode, type ProblemKind } from "./problem-codes.ts";

export { PROBLEMS, type ProblemCode };

/** Where an input error stands, and what would be right. */
export const InputErrorSchema = z
  .object({
    in: z.enum(["query", "path", "body", "header"]),
    path: z.string().openapi({ example: "limit" }),
    message: z.string().openapi({ example: "must be a whole number from 1 to 5000" }),
  })
  .openapi("InputError");

export type InputError = z.infer<typeof InputErrorSchema>;

/** RFC 9457 problem document, with the platform's own members. */
export const ProblemSchema = z
  .looseObject({
    type: z.string().openapi({ example: "/problems/symbol.not_found" }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    success: z.literal(false),
    code: z.string().openapi({ example: "symbol.not_found" }),
    correlation_id: z.string(),
    errors: z.array(InputErrorSchema).optional(),
  })
  .openapi("Problem");

/** The problem of a batch in which nothing succeeded; of a batch of one form it may also be the one problem there is. */
export const BatchProblemSchema = z
  .looseObject({
    ...ProblemSchema.shape,
    errors: z
      .record(z.string(), ProblemSchema.partial())
      .optional()
      .openapi({ description: "By the symbol that was asked for." }),
  })
  .openapi("BatchProblem");

/** A problem without what belongs to one request, as it stands inside a batch. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  success: false;
  code: ProblemCode;
  errors?: InputError[];
  [extension: string]: unknown;
}

interface ApiErrorOptions {
  errors?: InputError[];
  headers?: Record<string, string>;
  /** Members that this code adds to the problem document, such as `suggestions`. */
  extensions?: Record<string, unknown>;
  /** A status other than the code's usual one. */
  status?: 409;
}

/** The one exception that means an answer: thrown anywhere in a request, it becomes a problem document. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ProblemCode;
  readonly status: ProblemKind["status"];
  readonly headers: Record<string, string>;
  private readonly options: ApiErrorOptions;

  constructor(code: ProblemCode, detail: string, options: ApiErrorOptions = {}) {
    super(detail);
    this.code = code;
    this.status = options.status ?? PROBLEMS[code].status;
    this.headers = options.headers ?? {};
    this.options = options;
  }

  /** The problem document's body. */
  toProblem(): Problem {
    return {
      type: `/problems/${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.message,
      success: false,
      code: this.code,
      ...(this.options.errors ? { errors: this.options.errors } : {}),
      ...this.options.extensions,
    };
  }
}
