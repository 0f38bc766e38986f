import {
  bucketsOf,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type Metric,
  type MetricName,
} from "./catalogue.ts";
import { type Series, SeriesMap, seriesKey } from "./series.ts";

/** Series that an isolate keeps between two reports; there are some hundreds in practice. */
const MAX_SERIES = 4_000;
/** Reports go out no oftener than this (milliseconds) unless many measurements wait. */
const REPORT_INTERVAL_MS = 5_000;
const MAX_PENDING_MEASUREMENTS = 20_000;

const pending = new SeriesMap(MAX_SERIES);
let measured = 0;
let dropped = 0;
let reportedAt = 0;

/** The values of a metric's labels, in the catalogue's order. */
function valuesOf(name: MetricName, labels: Readonly<Record<string, string>>): string[] {
  const metric: Metric = METRICS[name];
  return metric.labels.map((label) => labels[label]);
}

function addSeries(series: Series): void {
  measured++;
  if (!pending.add(series)) dropped++;
}

/** Counts something that happened. */
export function count<N extends CounterName>(name: N, labels: LabelsOf<N>, by = 1): void {
  const values = valuesOf(name, labels);
  const existing = pending.find(seriesKey(name, values));
  measured++;
  if (existing && "value" in existing) existing.value += by;
  else addSeries({ name, labels: values, value: by });
}

/** Notes how something is at the moment. */
export function gauge<N extends GaugeName>(name: N, labels: LabelsOf<N>, value: number): void {
  addSeries({ name, labels: valuesOf(name, labels), value, at: Date.now() });
}

/** Adds an observation to a distribution, in the metric's unit. */
export function observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void {
  const values = valuesOf(name, labels);
  const bounds = bucketsOf(name);
  const above = bounds.findIndex((bound) => value <= bound);
  const bucket = above === -1 ? bounds.length : above;
  const existing = pending.find(seriesKey(name, values));
  measured++;
  if (existing && "counts" in existing) {
    existing.sum += value;
    existing.counts[bucket]++;
    return;
  }
  const counts = new Array<number>(bounds.length + 1).fill(0);
  counts[bucket] = 1;
  addSeries({ name, labels: values, sum: value, counts });
}

/** Whether what this isolate has measured should be reported now. */
export function isReportDue(now: number): boolean {
  return measured > 0 && (Math.abs(now - reportedAt) >= REPORT_INTERVAL_MS || measured >= MAX_PENDING_MEASUREMENTS);
}

/** Takes what was measured since the last report; a caller that takes it and cannot deliver it has lost it. */
export function drainReport(now: number): Series[] {
  if (dropped > 0) pending.add({ name: "wizdata_telemetry_dropped_total", labels: [], value: dropped });
  const report = pending.list();
  pending.clear();
  measured = 0;
  dropped = 0;
  reportedAt = now;
  return report;
}
