import { z } from "@hono/zod-openapi";
import { MISSING_REASONS } from "../core/coverage.ts";
import { INTERVALS } from "../core/interval.ts";
import { PROVIDERS } from "./provider.ts";
import { VOLUME_UNITS } from "./symbol.ts";

/** The members that say what a series' numbers are in. */
export const UNIT_FIELDS = ["currency", "price_unit", "volume_unit"] as const;

/** Whether a bar may still change, has closed, or was changed after it had closed. */
export const BAR_STATES = ["open", "closed", "revised"] as const;

export type BarState = (typeof BAR_STATES)[number];
export const ADJUSTMENTS = ["raw", "split", "split_dividend", "unknown"] as const;

/** What was done to past prices for splits and dividends. */
export type Adjustment = (typeof ADJUSTMENTS)[number];

const number = z.number().nullable();

export const CandleSchema = z
  .object({
    time: z.number().int().openapi({ description: "Opening of the bucket, unix seconds." }),
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    state: z.enum(BAR_STATES),
    revision: z.number().int().nonnegative(),
    suspect: z.boolean(),
  })
  .openapi("Candle");

export type CandleAnswer = z.infer<typeof CandleSchema>;

export const CoverageSchema = z
  .object({
    expected: z.number().int().openapi({ description: "Buckets of regular sessions in the page's window." }),
    returned: z.number().int(),
    missing: z.array(
      z.object({
        from: z.string().openapi({ format: "date-time" }),
        to: z.string().openapi({ format: "date-time" }),
        reason: z.enum(MISSING_REASONS),
      }),
    ),
    holidays_known: z.boolean().openapi({
      description: "False where the window touches years whose holidays are unknown: there a holiday looks like a gap.",
    }),
  })
  .openapi("Coverage");

/** What the prices and volumes of a series are in. */
export const SeriesUnitsSchema = z.object({
  currency: z.string().nullable().openapi({ example: "ZAR" }),
  price_unit: z.string().nullable().openapi({ description: "`ZAc` is South African cents.", example: "ZAc" }),
  volume_unit: z.enum(VOLUME_UNITS).nullable().openapi({ example: "shares" }),
});

export type SeriesUnits = z.infer<typeof SeriesUnitsSchema>;

/** The units of candles of a caller's own, which say none. */
export const NO_UNITS: SeriesUnits = { currency: null, price_unit: null, volume_unit: null };

/** The units of a symbol's series. */
export function unitsOf({ currency, price_unit, volume_unit }: SeriesUnits): SeriesUnits {
  return { currency, price_unit, volume_unit };
}

/** A page of candles. */
export const CandlesAnswerSchema = z
  .object({
    success: z.literal(true),
    symbol: z.string(),
    interval: z.enum(INTERVALS),
    provider: z.enum(PROVIDERS).nullable(),
    simulated: z.boolean(),
    adjustment: z.enum(ADJUSTMENTS),
    construction: z.enum(["provider", "sampled"]),
    ...SeriesUnitsSchema.shape,
    data: z.array(CandleSchema),
    count: z.number().int(),
    coverage: CoverageSchema,
    next_cursor: z.string().nullable(),
    timestamp: z.string(),
  })
  .openapi("Candles");

/** Facts that hold for a whole series of candles: they never change inside one. */
export interface SeriesFacts {
  provider: (typeof PROVIDERS)[number] | null;
  simulated: boolean;
  adjustment: Adjustment;
  construction: "provider" | "sampled";
}
