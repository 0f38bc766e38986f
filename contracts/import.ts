import { z } from "@hono/zod-openapi";
import { ADJUSTMENTS } from "./candle.ts";
import { choice } from "./choice.ts";
import { intervalParameter } from "./parameters.ts";

/** Rows of one chunk: large enough to be quick, small enough for one body. */
export const MAX_IMPORT_ROWS = 5000;

/** The highest number of a line; answers repeat it as a 32-bit integer. */
const MAX_LINE_NUMBER = 2 ** 31 - 1;

const cell = z
  .union([z.string().max(64), z.number()])
  .nullable()
  .optional();

/** One chunk of `POST /admin/import`. */
export const ImportChunkSchema = z
  .strictObject({
    symbol: z.string().min(1).max(64).openapi({ example: "JSE:NPN" }),
    interval: intervalParameter.openapi({ example: "1d" }),
    adjustment: choice(ADJUSTMENTS).default("unknown").openapi({
      description: "What was done to past prices for splits and dividends. One per series.",
    }),
    keep_good: z.boolean().default(false).openapi({
      description: "Store the good rows of a chunk that has bad ones. Otherwise such a chunk stores nothing.",
    }),
    check_only: z.boolean().default(false).openapi({ description: "Judge the rows and store nothing." }),
    rows: z
      .array(
        z.strictObject({
          line: z
            .number()
            .int()
            .positive()
            .max(MAX_LINE_NUMBER)
            .openapi({ description: "Where the row stands in its file." }),
          time: z.union([z.string().max(64), z.number()]),
          open: cell,
          high: cell,
          low: cell,
          close: cell,
          volume: cell,
        }),
      )
      .min(1)
      .max(MAX_IMPORT_ROWS),
  })
  .openapi("ImportChunk");

export type ImportChunk = z.input<typeof ImportChunkSchema>;

/** Refused rows of a chunk that an answer lists; `refused_count` says how many there are. */
export const MAX_LISTED_REFUSALS = 1_000;

const refused = z.array(z.object({ line: z.number().int(), reason: z.string() })).openapi({
  description: `The first ${MAX_LISTED_REFUSALS} refused rows.`,
});
const refused_count = z.number().int().optional().openapi({
  description: "How many rows were refused, where that is more than `refused` lists.",
});

/** What became of a chunk. Its rows are stored, replaced, unchanged or refused; or only checked. */
export const ImportReportSchema = z
  .object({
    symbol: z.string(),
    rows: z.number().int(),
    stored: z.number().int(),
    replaced: z.number().int(),
    unchanged: z.number().int(),
    refused,
    refused_count,
  })
  .openapi("ImportReport");

export type ImportReport = z.infer<typeof ImportReportSchema>;

/** The extra member of the problem that a chunk with bad rows gets. */
export const RefusedRowsSchema = z.object({ refused, refused_count });
