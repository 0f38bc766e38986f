import { z } from "zod";
import { type CandleAnswer, CandlesAnswerSchema, MIXED, type Segment } from "../../contracts/candle.ts";
import { SymbolDetailSchema } from "../../contracts/symbol.ts";
import { INTERVALS, type Interval, isMultipleOf } from "../../core/interval.ts";
import { isUnchanged, read, readTagged, type Target } from "../platform/client.ts";
import { Interrupted, ItemFailure } from "../platform/failures.ts";

/** Candles of one page: the most that the platform answers. */
const PAGE = 5_000;
/** Stretches without candles that are kept of a series. */
const MAX_MISSING = 1_000;

const Detail = z.object({ data: SymbolDetailSchema.pick({ symbol: true, availability: true }) });

/** A closed candle, and who it is from. */
export interface ExportedCandle extends CandleAnswer {
  provider: string;
  simulated: boolean;
}

type Answer = z.infer<typeof CandlesAnswerSchema>;

type Missing = Answer["coverage"]["missing"][number];

/** What is known of a series as a whole. */
export interface SeriesRecord extends Pick<Answer, "simulated" | "currency" | "price_unit" | "volume_unit"> {
  provider: string | null;
  adjustment: string;
  construction: string;
  /** Oldest first, half-open. */
  segments: Segment[];
  /** Stretches without candles, of which the first are kept, and how many there are. */
  missing: Missing[];
  missing_count: number;
}

/** What is asked for: a symbol of the registry by its own name, and a stretch of stamps, unix seconds. */
export interface SeriesQuery {
  symbol: string;
  interval: Interval;
  from: number;
  to: number;
}

/**
 * Finds a symbol, and where its stored candles of an interval begin.
 * @param from where it was said
 * @throws ItemFailure where there is no such symbol, or nothing is stored of it and no beginning was said
 */
export async function findSeries(
  target: Target,
  name: string,
  interval: Interval,
  from: number | null,
): Promise<Pick<SeriesQuery, "symbol" | "from">> {
  const { data } = await read(target, `/symbols/${encodeURIComponent(name)}`, Detail);
  const { symbol, availability } = data;
  if (from !== null) return { symbol, from };
  const finer = INTERVALS.filter((each) => each === interval || isMultipleOf(each, interval));
  const starts = finer.flatMap((each) => {
    const known = availability.intervals[each];
    return known ? [Date.parse(known.from) / 1000] : [];
  });
  if (starts.length === 0) {
    throw new ItemFailure(
      `No ${interval} candles of ${symbol} are stored, so that the beginning of its series is not known: say --from, such as --from 2024-01-01.`,
    );
  }
  // A coarser candle may be stamped before the first finer one in it.
  return { symbol, from: Math.min(...starts) - 31 * 86_400 };
}

/** Joins what follows to what was before, where it is of the same kind. */
function append<T extends { from: string; to: string }>(
  list: T[],
  next: T,
  isSame: (one: T, other: T) => boolean,
): void {
  const last = list.at(-1);
  if (last && isSame(last, next)) list[list.length - 1] = { ...last, to: next.to };
  else list.push(next);
}

const isSameSegment = (one: Segment, other: Segment): boolean =>
  one.provider === other.provider &&
  one.adjustment === other.adjustment &&
  one.construction === other.construction &&
  one.import_id === other.import_id;

/** The pages of a series, oldest first, and whether they are of one state of it. */
export class SeriesPages {
  readonly #target: Target;
  readonly #query: SeriesQuery;
  readonly #signal: AbortSignal;
  /** The addresses of pages that nothing should change any more, with their entity tags. */
  readonly #tags: [path: string, tag: string][] = [];
  #record: SeriesRecord | null = null;

  constructor(target: Target, query: SeriesQuery, signal: AbortSignal) {
    this.#target = target;
    this.#query = query;
    this.#signal = signal;
  }

  /** What is known of the series once its pages are read; null before. */
  get record(): SeriesRecord | null {
    return this.#record;
  }

  /** @throws ItemFailure, CommandFailure, Interrupted */
  async *read(): AsyncGenerator<ExportedCandle[]> {
    const { symbol, interval, from, to } = this.#query;
    const first = new URLSearchParams({
      ...{ interval, from: String(from), to: String(to) },
      ...{ limit: String(PAGE), include_suspect: "true" },
    });
    for (let cursor: string | null = null; ; ) {
      if (this.#signal.aborted) throw new Interrupted();
      const query = new URLSearchParams(first);
      if (cursor !== null) query.set("cursor", cursor);
      const path = `/ohlcv/${encodeURIComponent(symbol)}?${query}`;
      const { data: page, tag } = await readTagged(this.#target, path, CandlesAnswerSchema);
      const closed = page.data.filter(({ state }) => state !== "open");
      // A page with a candle that forms is another one every second.
      if (tag !== null && closed.length === page.data.length) this.#tags.push([path, tag]);
      this.#add(page);
      yield withProviders(closed, page);
      cursor = page.next_cursor;
      if (cursor === null) return;
    }
  }

  #add(page: Answer): void {
    const { provider, simulated, adjustment, construction, currency, price_unit, volume_unit, segments } = page;
    const { missing } = page.coverage;
    const before = this.#record;
    const isEmpty = page.data.length === 0;
    const record: SeriesRecord = before ?? {
      ...{ provider, simulated, adjustment, construction, currency, price_unit, volume_unit },
      ...{ segments: [], missing: [], missing_count: 0 },
    };
    if (before && !isEmpty) {
      const isFirst = before.segments.length === 0;
      const common = (one: string | null, other: string | null) => (isFirst || one === other ? other : MIXED);
      record.provider = common(before.provider, provider);
      record.adjustment = common(before.adjustment, adjustment) ?? adjustment;
      record.construction = common(before.construction, construction) ?? construction;
      record.simulated = isFirst ? simulated : before.simulated || simulated;
    }
    for (const segment of segments) append(record.segments, segment, isSameSegment);
    for (const each of missing) {
      const last = record.missing.at(-1);
      if (last && last.reason === each.reason && last.to === each.from) last.to = each.to;
      else {
        record.missing_count++;
        if (record.missing.length < MAX_MISSING) record.missing.push({ ...each });
      }
    }
    this.#record = record;
  }

  /** Whether all pages are still what they were when they were read. */
  async areUnchanged(): Promise<boolean> {
    for (const [path, tag] of this.#tags) {
      if (this.#signal.aborted) throw new Interrupted();
      if (!(await isUnchanged(this.#target, path, tag))) return false;
    }
    return true;
  }
}

/** Candles with the provider of the segment that they lie in. */
function withProviders(candles: readonly CandleAnswer[], { segments, simulated }: Answer): ExportedCandle[] {
  const spans = segments.map(({ from, to, provider }) => ({
    ...{ from: Date.parse(from) / 1000, to: Date.parse(to) / 1000, provider },
  }));
  let at = 0;
  return candles.map((candle) => {
    while (at < spans.length - 1 && candle.time >= spans[at].to) at++;
    const span = spans[at];
    if (!span || candle.time < span.from) throw new ItemFailure("A candle of the answer lies in none of its segments.");
    return { ...candle, provider: span.provider, simulated };
  });
}
