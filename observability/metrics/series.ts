import type { MetricName } from "./catalogue.ts";

/** One series of a counter or a gauge. */
export interface Sample {
  name: MetricName;
  /** In the order in which the catalogue names the labels. */
  labels: string[];
  value: number;
  /** Of gauges: when it was true, unix milliseconds; the latest wins. */
  at?: number;
}

/** One series of a histogram. */
export interface Distribution {
  name: MetricName;
  labels: string[];
  sum: number;
  /** Observations by bucket, not cumulated; one more than the metric has bounds. */
  counts: number[];
}

/** What isolates send and shards keep. */
export type Series = Sample | Distribution;

const SEPARATOR = "\u0000";

export const seriesKey = (name: string, labels: readonly string[]): string =>
  labels.length === 0 ? name : `${name}${SEPARATOR}${labels.join(SEPARATOR)}`;

/** Series by name and labels: counters and histograms add up, of a gauge the latest stays. */
export class SeriesMap {
  readonly #series = new Map<string, Series>();
  readonly #maxSize: number;

  /** @param maxSize a newcomer beyond that many series is refused */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Takes a series in. Returns false where there is no room for one more. */
  add(series: Series): boolean {
    const key = seriesKey(series.name, series.labels);
    const existing = this.#series.get(key);
    if (!existing) {
      if (this.#series.size >= this.#maxSize) return false;
      this.#series.set(key, "counts" in series ? { ...series, counts: [...series.counts] } : { ...series });
    } else if ("counts" in existing && "counts" in series) {
      existing.sum += series.sum;
      for (let i = 0; i < existing.counts.length; i++) existing.counts[i] += series.counts[i] ?? 0;
    } else if ("value" in existing && "value" in series) {
      if (series.at === undefined) existing.value += series.value;
      else if (series.at >= (existing.at ?? 0)) {
        existing.value = series.value;
        existing.at = series.at;
      }
    }
    return true;
  }

  find(key: string): Series | undefined {
    return this.#series.get(key);
  }

  list(): Series[] {
    return [...this.#series.values()];
  }

  clear(): void {
    this.#series.clear();
  }
}
