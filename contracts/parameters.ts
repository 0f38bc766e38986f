import { z } from "@hono/zod-openapi";
import { INTERVALS, likelyInterval } from "../core/interval.ts";
import { PRICE_UNITS } from "../core/price-unit.ts";
import { MAX_TIME, MIN_TIME, parseTime } from "../core/time.ts";

/** A whole number in a query, within bounds. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
    .openapi({ type: "integer", minimum: min, maximum: max });
}

/** How a time in a query may be written, as the documentation says it. */
export const TIME_DESCRIPTION = "Unix seconds or ISO-8601.";

/** A time in a query: unix seconds or ISO-8601; read as unix seconds. */
export const timeParameter = z
  .string()
  .transform((text, context) => {
    const time = parseTime(text);
    if (typeof time === "number" && time >= MIN_TIME && time < MAX_TIME) return time;
    context.issues.push({ code: "custom", message: outOfCalendar(time), input: text });
    return z.NEVER;
  })
  .openapi({ type: "string", example: "2026-11-20T00:00:00Z", description: TIME_DESCRIPTION });

/** A date in a query, `YYYY-MM-DD`; read as its 00:00 UTC in unix seconds. */
export const dateParameter = z
  .string()
  .transform((text, context) => {
    const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseTime(text) : null;
    if (typeof time === "number" && time >= MIN_TIME && time < MAX_TIME) return time;
    const message = time === null ? "must be a date such as 2026-11-22" : outOfCalendar(time);
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  })
  .openapi({ type: "string", format: "date", example: "2026-11-20" });

/** What is wrong with a time that is not within the years of market data. */
const outOfCalendar = (time: ReturnType<typeof parseTime>): string =>
  typeof time === "number" ? "must be between 1900 and 2200" : time.error;

/** What people write for `true` and `false`. */
const TRUE = /^(?:true|t|1|yes|y|on)$/i;
const FALSE = /^(?:false|f|0|no|n|off)$/i;

function flagMessage(input: unknown): string {
  const suggestion = typeof input !== "string" ? null : TRUE.test(input) ? "true" : FALSE.test(input) ? "false" : null;
  return suggestion === null ? "must be true or false" : `must be true or false; did you mean ${suggestion}?`;
}

/** `true` or `false` in a query. */
export const flag = z
  .enum(["true", "false"], { error: ({ input }) => flagMessage(input) })
  .transform((text) => text === "true")
  .openapi({ type: "boolean" });

/** The length of candles; one that is written otherwise is named in the error. */
export const intervalParameter = z.enum(INTERVALS, {
  error: ({ input }) => {
    const meant = typeof input === "string" ? likelyInterval(input) : null;
    return `must be one of ${INTERVALS.join(", ")}${meant === null ? "" : `; did you mean ${meant}?`}`;
  },
});

/** The unit that prices are answered in. */
export const unitParameter = z.enum(PRICE_UNITS, "must be quoted or major").default("quoted").openapi({
  description:
    "`quoted`: prices as the symbol is quoted, such as cents; `major`: in its currency, such as rand, by an exact shift of decimals. `price_unit` says which.",
});

/** For routes that take no query parameters: naming one is an error all the same. */
export const NO_QUERY = z.strictObject({});

/** A symbol or an alias in a path. */
export const SymbolPath = z.object({
  symbol: z.string().openapi({
    param: { name: "symbol", in: "path" },
    example: "BTC/USDT",
    description: "A canonical symbol or an alias, in any case; a slash may be written as %2F.",
  }),
});
