import { z } from "@hono/zod-openapi";
import { choiceHint } from "../core/words.ts";

/** One of some words. The error for any other text lists them, and names the one that was probably meant. */
export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: ({ input }) => `must be one of ${values.join(", ")}${choiceHint(input, values)}` });
}
