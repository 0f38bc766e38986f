import { z } from "zod";

/** A number that is written as text, as most upstreams do: `"112.1300"`. */
export const decimalText = z
  .string()
  .max(40)
  .regex(/^-?\d+(\.\d+)?$/)
  .transform(Number);

const positive = (value: number): boolean => Number.isFinite(value) && value > 0;
const notNegative = (value: number): boolean => Number.isFinite(value) && value >= 0;

/** A price as text: above zero. */
export const priceText = decimalText.refine(positive);

/** An amount as text: zero or more. */
export const amountText = decimalText.refine(notNegative);

/** A price as a number: above zero. */
export const price = z.number().refine(positive);

/** An amount as a number: zero or more. */
export const amount = z.number().refine(notNegative);

/** Milliseconds since 1970, within the years that calendars can work with. */
export const milliseconds = z.number().int().min(0).max(4_102_444_800_000);
