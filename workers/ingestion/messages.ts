import { z } from "zod";
import { INTERVALS } from "../../core/interval.ts";

/** Symbols that one message names: a consumer has thirty seconds, and gates merge what it asks at once. */
export const SYMBOLS_PER_MESSAGE = 50;

const symbols = z.array(z.string()).min(1).max(SYMBOLS_PER_MESSAGE);

/** Goes on with the trace of the cron that found the work due. */
const traceparent = z.string().optional();

/** What the ingestion queue carries. Each may come twice: doing it again changes nothing. */
export const IngestionMessage = z.discriminatedUnion("kind", [
  /** Bring the rooms' copies of these symbols' registry rows up to date, and delete candles that are kept for a time only. */
  z.object({ kind: z.literal("reconcile"), symbols, traceparent }),
  /** Ask for newer quotes where the last ones are no longer recent. */
  z.object({ kind: z.literal("quotes"), symbols, traceparent }),
  /** Fetch the candles that have closed since. */
  z.object({ kind: z.literal("candles"), symbols, traceparent, interval: z.enum(INTERVALS) }),
  /** Fill in what the registry does not know of these companies. */
  z.object({ kind: z.literal("profiles"), symbols, traceparent }),
]);

export type IngestionMessage = z.infer<typeof IngestionMessage>;
