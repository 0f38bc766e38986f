import { bucketsOf, METRICS, type Metric, type MetricName } from "./catalogue.ts";
import type { Distribution, Series } from "./series.ts";

/** The media type of the text format that Prometheus scrapes, version 0.0.4. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const escaped = (value: string): string => value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");

function labelled(name: string, labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return name;
  return `${name}{${labels.map(([label, value]) => `${label}="${escaped(value)}"`).join(",")}}`;
}

const labelsOf = ({ name, labels }: Series): [string, string][] => {
  const metric: Metric = METRICS[name];
  return metric.labels.map((label, i) => [label, labels[i] ?? ""]);
};

function distributionLines(series: Distribution): string[] {
  const labels = labelsOf(series);
  let cumulated = 0;
  const lines = [...bucketsOf(series.name).map(String), "+Inf"].map((bound, i) => {
    cumulated += series.counts[i] ?? 0;
    return `${labelled(`${series.name}_bucket`, [...labels, ["le", bound]])} ${cumulated}`;
  });
  return [
    ...lines,
    `${labelled(`${series.name}_sum`, labels)} ${series.sum}`,
    `${labelled(`${series.name}_count`, labels)} ${cumulated}`,
  ];
}

function linesOf(series: Series): string[] {
  if ("counts" in series) return distributionLines(series);
  return [`${labelled(series.name, labelsOf(series))} ${series.value}`];
}

/** Series as Prometheus reads them, by metric, each with its help and type; a metric without labels is there from the beginning. */
export function prometheusText(series: readonly Series[]): string {
  const byName = new Map<MetricName, Series[]>();
  for (const each of series) byName.set(each.name, [...(byName.get(each.name) ?? []), each]);
  const lines = Object.entries(METRICS).flatMap(([name, metric]: [string, Metric]) => {
    const [found] = [...byName].filter(([known]) => known === name).map(([, list]) => list);
    const body = found?.flatMap(linesOf) ?? (metric.labels.length === 0 ? [`${name} 0`] : []);
    if (body.length === 0) return [];
    return [`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.type}`, ...body];
  });
  return `${lines.join("\n")}\n`;
}
