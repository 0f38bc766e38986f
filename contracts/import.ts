import { z } from "@hono/zod-openapi";
import { INTERVALS } from "../core/interval.ts";
import { ADJUSTMENTS } from "./candle.ts";
import { choice } from "./choice.ts";
import { intervalParameter } from "./parameters.ts";

/** Rows of one chunk: large enough to be quick, small enough for one body. */
export const MAX_IMPORT_ROWS = 5000;

/** The highest number of a line, and of lines; answers repeat it as a 32-bit integer. */
const MAX_LINE_NUMBER = 2 ** 31 - 1;

const cell = z
  .union([z.string().max(64), z.number()])
  .nullable()
  .optional();

const adjustment = choice(ADJUSTMENTS);

const day = z.iso.date("must be a day of the calendar, such as 2026-11-20");

/** The file that a chunk is a part of. */
const ImportFileSchema = z.strictObject({
  file: z.string().trim().min(1).max(255).openapi({
    example: "npn-daily.csv",
    description: "The name of the file. Only its digest says which file it is.",
  }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be the file's SHA-256: 64 hexadecimal digits in lower case")
    .openapi({ example: "a8f5f167f44f4964e6c998dee827110c0a3f2e0f0b6d8a8f6d5c4b3a29180706" }),
  rows: z.number().int().min(0).max(MAX_LINE_NUMBER).openapi({ description: "How many rows the file has." }),
  last: z.boolean().openapi({ description: "Whether this is the file's last chunk, which ends the import." }),
});

/** One chunk of `POST /admin/import`. */
export const ImportChunkSchema = z
  .strictObject({
    symbol: z.string().min(1).max(64).openapi({ example: "JSE:NPN" }),
    interval: intervalParameter.openapi({ example: "1d" }),
    adjustment: adjustment.default("unknown").openapi({
      description: "What was done to past prices for splits and dividends. One per import.",
    }),
    adjusted_as_of: day.optional().openapi({
      description:
        "The day up to which past prices are adjusted. Of prices that are adjusted it is, unless it is sent, the day after the import's last row.",
    }),
    import: ImportFileSchema.optional().openapi({
      description:
        "The file whose chunk this is: the same file as the same series is the same import, which goes on. Without it a chunk is an import of its own.",
    }),
    keep_good: z.boolean().default(false).openapi({
      description: "Store the good rows of a chunk that has bad ones. Otherwise such a chunk stores nothing.",
    }),
    check_only: z.boolean().default(false).openapi({
      description:
        "Judge the rows and store nothing: the answer says what would become of them. Where it is the last chunk of an import that is running, that import has failed.",
    }),
    force: z.boolean().default(false).openapi({
      description: "Store rows although their spacing says that they are of another interval.",
    }),
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
          simulated: z
            .union([z.boolean(), z.string().max(64)])
            .nullable()
            .optional()
            .openapi({ description: "A row that says `true` is refused: it is a simulator's." }),
        }),
      )
      .max(MAX_IMPORT_ROWS),
  })
  .check(({ value, issues }) => {
    if (value.rows.length > 0 || value.import?.last) return;
    const message = "must have at least one row; only the last chunk of an import may have none";
    issues.push({ code: "custom", path: ["rows"], message, input: value.rows });
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

const suspect = z.array(z.object({ line: z.number().int(), reason: z.string() })).openapi({
  description: `The first ${MAX_LISTED_REFUSALS} rows that data-quality checks flag. They are stored, and marked.`,
});
const suspect_count = z.number().int().optional().openapi({
  description: "How many rows are flagged, where that is more than `suspect` lists.",
});

const importId = z.string().openapi({
  example: "912b1a44853dabd649ec46f358093950",
  description:
    "The first 32 hexadecimal digits of the SHA-256 of symbol, interval, adjustment and the file's SHA-256, with a line feed between them. Without a file, its SHA-256 is that of the chunk's rows as JSON.",
});

/** What became of a chunk, or with `check_only` what would: its rows are stored, replaced, unchanged or refused. */
export const ImportReportSchema = z
  .object({
    import_id: importId,
    symbol: z.string(),
    rows: z.number().int(),
    stored: z.number().int(),
    replaced: z.number().int(),
    unchanged: z.number().int(),
    refused,
    refused_count,
    suspect,
    suspect_count,
  })
  .openapi("ImportReport");

export type ImportReport = z.infer<typeof ImportReportSchema>;

/** The extra member of the problem that a chunk with bad rows gets. */
export const RefusedRowsSchema = z.object({ refused, refused_count });

/** How far an import has got in the registry: its row goes when it is deleted. */
export type ImportStatus = "running" | "done" | "failed" | "deleting";

const time = z.string().openapi({ format: "date-time" });
const rowCount = z.number().int().nonnegative();

/** An import as it is answered. */
export const ImportSchema = z
  .object({
    id: importId,
    symbol: z.string().openapi({ example: "JSE:NPN" }),
    interval: z.enum(INTERVALS),
    adjustment: z.enum(ADJUSTMENTS),
    adjusted_as_of: z.string().nullable().openapi({
      format: "date",
      example: "2026-11-20",
      description: "The day up to which past prices are adjusted; null where none are, or it is not known.",
    }),
    file: z.string().nullable().openapi({ example: "npn-daily.csv" }),
    sha256: z.string().nullable(),
    rows: rowCount.nullable().openapi({ description: "Rows of the file; null where it is not known." }),
    status: z.enum(["running", "done", "failed", "deleting", "deleted"]).openapi({
      description:
        "`running` until its last chunk came, `failed` after a chunk was refused, `deleting` until nothing is left of it.",
    }),
    stored: rowCount.openapi({ description: "Candles that were not there. A chunk that is sent again counts again." }),
    replaced: rowCount,
    unchanged: rowCount.openapi({
      description: "Rows that were known already, to the last digit; they stay whose they were.",
    }),
    refused: rowCount,
    first: time.nullable().openapi({ description: "The stamp of the first candle." }),
    last: time.nullable().openapi({ description: "The stamp of the last candle." }),
    actor: z.string(),
    started_at: time,
    ended_at: time.nullable(),
  })
  .openapi("Import");

export type ImportAnswer = z.infer<typeof ImportSchema>;

/** What `PATCH /admin/imports/{id}` may change. */
export const ImportChangeSchema = z
  .strictObject({
    adjustment: adjustment.openapi({ description: "What was done to past prices, as it is known now." }),
    adjusted_as_of: day.nullable().optional().openapi({
      description:
        "The day up to which past prices are adjusted. Unless it is sent it stays, or is the day after the last row where it was not known.",
    }),
  })
  .openapi("ImportChange");
