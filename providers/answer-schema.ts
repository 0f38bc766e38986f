import { z } from "zod";

/** A number that is written as text, as most upstreams do: `"112.1300"`. */
export const decimalText = z
  .string()
  .max(40)
  .regex(/^-?\d+(\.\d+)?$/)
  .transform(Number);

const positive = (value: number): boolean => Number.isFinite(value) && value > 0;
const notNegative = (value: number): boolean => Number.isFinite(value) && value >= 0;

/** A number that is written as one. */
export const plainNumber = z.number().refine(Number.isFinite);

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

/** The rows that pass `row`, so that a bad one spoils no other; no answer where there are rows and none of them does. */
export const rowsThatPass = <Row extends z.ZodType>(row: Row) =>
  z.array(z.unknown()).transform((rows, context): z.output<Row>[] => {
    const passed = rows.flatMap((each) => {
      const read = row.safeParse(each);
      return read.success ? [read.data] : [];
    });
    if (rows.length > 0 && passed.length === 0) context.addIssue("not one row can be read");
    return passed;
  });
