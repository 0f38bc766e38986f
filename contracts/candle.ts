import { z } from "@hono/zod-openapi";
import { ADJUSTMENTS, type Adjustment } from "../core/candle-series/splice.ts";
import { MISSING_REASONS } from "../core/coverage-lists.ts";
import { INTERVALS } from "../core/interval.ts";
import { PROVIDERS, type ProviderName } from "./provider.ts";
import { VOLUME_UNITS } from "./symbol.ts";

/** The members that say what a series' numbers are in. */
export const UNIT_FIELDS = ["currency", "price_unit", "volume_unit"] as const;

/** Whether a bar may still change, has closed, or was changed after it had closed. */
export const BAR_STATES = ["open", "closed", "revised"] as const;

export type BarState = (typeof BAR_STATES)[number];

export { ADJUSTMENTS, type Adjustment };

export const CONSTRUCTIONS = ["provider", "sampled"] as const;

/** Whether a source made a series' candles, or they were sampled from its quotes. */
export type Construction = (typeof CONSTRUCTIONS)[number];

/** Stands where the parts of an answer differ; `segments` says which is which. */
export const MIXED = "mixed";

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

/** The columns of candles as comma-separated values, in an answer and in an exported file. */
export const CANDLE_COLUMNS = [
  "time",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "state",
  "revision",
  "suspect",
  "provider",
  "simulated",
] as const;

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

/** A run of candles of one origin. */
export const SegmentSchema = z
  .object({
    from: z.string().openapi({ format: "date-time", description: "Opening of the run's first candle." }),
    to: z.string().openapi({ format: "date-time", description: "Opening of the next run, or the end of the answer." }),
    provider: z.enum(PROVIDERS),
    adjustment: z.enum(ADJUSTMENTS),
    construction: z.enum(CONSTRUCTIONS),
    import_id: z.string().nullable().openapi({ description: "The import that the candles came with." }),
  })
  .openapi("Segment");

export type Segment = z.infer<typeof SegmentSchema>;

/** What holds for a whole answer of candles or of what is calculated from them, and of which parts it is made. */
export const SeriesFactsSchema = z.object({
  provider: z.enum([...PROVIDERS, MIXED]).nullable(),
  simulated: z.boolean(),
  adjustment: z.enum([...ADJUSTMENTS, MIXED]),
  construction: z.enum([...CONSTRUCTIONS, MIXED]),
});

/** A page of candles. */
export const CandlesAnswerSchema = z
  .object({
    success: z.literal(true),
    symbol: z.string(),
    interval: z.enum(INTERVALS),
    ...SeriesFactsSchema.shape,
    ...SeriesUnitsSchema.shape,
    segments: z.array(SegmentSchema).openapi({ description: "Oldest first, half-open; together the whole answer." }),
    data: z.array(CandleSchema),
    count: z.number().int(),
    coverage: CoverageSchema,
    next_cursor: z.string().nullable(),
    timestamp: z.string(),
  })
  .openapi("Candles");

/** What holds for an answer: the one value of all of its candles, or `mixed`. */
export type SeriesFacts = z.infer<typeof SeriesFactsSchema>;

/** Where candles come from; one of its parts never changes while candles have it, except the adjustment of an import. */
export interface Origin {
  /** Its number in its room, from 1. */
  id: number;
  provider: ProviderName;
  importId: string | null;
  adjustment: Adjustment;
  /** From when on raw prices fit the adjusted ones, unix seconds; null for raw prices, and where it is not known. */
  adjustedAsOf: number | null;
  construction: Construction;
  /** What its volumes are counted in; null where it is what the symbol says. */
  volumeUnit: (typeof VOLUME_UNITS)[number] | null;
}

/** The facts of candles by their origins; those of no candle where there are none. */
export function factsOf(origins: readonly Origin[]): SeriesFacts {
  const [first] = origins;
  if (!first) return { provider: null, simulated: false, adjustment: "unknown", construction: "provider" };
  const all = <T>(of: (origin: Origin) => T): T | typeof MIXED =>
    origins.every((origin) => of(origin) === of(first)) ? of(first) : MIXED;
  return {
    provider: all(({ provider }) => provider),
    simulated: first.provider === "simulator",
    adjustment: all(({ adjustment }) => adjustment),
    construction: all(({ construction }) => construction),
  };
}
