import type { ProviderName } from "../../../../contracts/provider.ts";
import type { Interval } from "../../../../core/interval.ts";
import { addSpan, type Span } from "../../../../core/spans.ts";
import { DAY, MINUTE } from "../../../../core/time.ts";

/**
 * What came of asking a source for a stretch: it answered (with the candles that there are), it had none where some are expected, or it
 * failed and owes it.
 */
export type FetchResult = "answered" | "empty" | "failed";

/** A stretch of stamps of an interval that a source was asked for. */
export interface FetchedSpan extends Span {
  source: ProviderName;
  interval: Interval;
  result: FetchResult;
  /** When to ask again, unix seconds; null where there is no need to. */
  againAt: number | null;
  /** Seconds that were waited before that. */
  pause: number;
}

/** Pauses before a source is asked again: where it had nothing, and where it failed. They double. */
export const PAUSES: Record<Exclude<FetchResult, "answered">, { first: number; longest: number }> = {
  empty: { first: MINUTE, longest: DAY },
  failed: { first: 5, longest: 15 * MINUTE },
};

/** A stretch as its row has it. */
export type SpanRow = { opens: number; closes: number; result: FetchResult; again_at: number | null; pause: number };

/** Stretches in ascending order, joined where they touch. */
export const joined = (rows: readonly { opens: number; closes: number }[]): Span[] =>
  rows.reduce<Span[]>((spans, { opens, closes }) => {
    const last = spans.at(-1);
    if (last && last.to >= opens) return addSpan(spans, { from: opens, to: closes });
    spans.push({ from: opens, to: closes });
    return spans;
  }, []);

/** What of a row lies outside of a stretch. */
export const restsOf = ({ opens, closes }: SpanRow, { from, to }: Span): Span[] =>
  [
    { from: opens, to: Math.min(closes, from) },
    { from: Math.max(opens, to), to: closes },
  ].filter((rest) => rest.to > rest.from);
