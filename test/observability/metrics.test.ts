import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { readTelemetry, reportNow, reportWhenDue } from "../../durable-objects/telemetry/report.ts";
import { METRICS } from "../../observability/metrics/catalogue.ts";
import { count, drainReport, gauge, isReportDue, observe } from "../../observability/metrics/collector.ts";
import { prometheusText } from "../../observability/metrics/prometheus.ts";
import { type Series, SeriesMap } from "../../observability/metrics/series.ts";

const tier = (name: string, value: number): Series => ({ name: "wizdata_cache_answers_total", labels: [name], value });

beforeEach(() => {
  drainReport(0);
});

describe("the collector", () => {
  test("adds up what is counted, by labels", () => {
    count("wizdata_cache_answers_total", { tier: "kv" });
    count("wizdata_cache_answers_total", { tier: "kv" }, 2);
    count("wizdata_cache_answers_total", { tier: "room" });
    expect(drainReport(1)).toEqual([tier("kv", 3), tier("room", 1)]);
    expect(drainReport(1)).toEqual([]);
  });

  test("puts an observation into the first bucket whose bound it does not exceed", () => {
    for (const seconds of [0.1, 0.10001, 900, 901]) observe("wizdata_queue_age_seconds", { kind: "quotes" }, seconds);
    const [found] = drainReport(1);
    expect(found).toMatchObject({ labels: ["quotes"], counts: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1] });
    expect("sum" in found && found.sum).toBeCloseTo(1801.20001, 9);
  });

  test("keeps of a gauge what was said last", () => {
    gauge("wizdata_stream_connections", {}, 5);
    gauge("wizdata_stream_connections", {}, 3);
    expect(drainReport(1)).toMatchObject([{ name: "wizdata_stream_connections", value: 3 }]);
  });

  test("reports every five seconds at most, and not at all where nothing was measured", () => {
    drainReport(10_000);
    expect(isReportDue(100_000)).toBe(false);
    count("wizdata_cache_answers_total", { tier: "kv" });
    expect(isReportDue(14_999)).toBe(false);
    expect(isReportDue(15_000)).toBe(true);
  });

  test("is bounded: series that do not fit are counted, not kept", () => {
    for (let i = 0; i < 5_000; i++) count("wizdata_cache_answers_total", { tier: String(i) });
    const report = drainReport(1);
    expect(report).toHaveLength(4_000);
    count("wizdata_cache_answers_total", { tier: "kv" });
    expect(drainReport(1)).toEqual([tier("kv", 1)]);
  });
});

describe("Telemetry", () => {
  test("adds up what several isolates send, over all shards, and keeps it", async () => {
    const before = await readTelemetry(env);
    const room = (series: Series[]) =>
      series.find(({ name, labels }) => name === tier("", 0).name && labels[0] === "x");
    expect(room(before.series)).toBeUndefined();
    for (let i = 0; i < 12; i++) {
      count("wizdata_cache_answers_total", { tier: "x" }, 2);
      await reportNow(env);
    }
    const { series, unreachable } = await readTelemetry(env);
    expect(room(series)).toMatchObject({ value: 24 });
    expect(unreachable).toBe(0);
    let kept = 0;
    for (let i = 0; i < 4; i++) {
      kept += await runInDurableObject(env.TELEMETRY.getByName(`shard-${i}`), (_, state) => {
        return state.storage.sql.exec<{ n: number }>("select count(*) as n from metrics").one().n;
      });
    }
    expect(kept).toBeGreaterThan(0);
  });

  test("that is down costs the batch and nothing else", async () => {
    const warned = vi.spyOn(console, "log").mockImplementation(() => {});
    const down = {
      TELEMETRY: {
        getByName: () => {
          throw new Error("down");
        },
      },
    };
    count("wizdata_cache_answers_total", { tier: "kv" });
    await expect(reportNow(down)).resolves.toBeUndefined();
    expect(drainReport(1)).toEqual([]);
    expect(await readTelemetry(down)).toEqual({ series: [], unreachable: 4 });
    const waited: Promise<void>[] = [];
    count("wizdata_cache_answers_total", { tier: "kv" });
    reportWhenDue(down, { waitUntil: (work) => void waited.push(work) });
    await expect(Promise.all(waited)).resolves.toEqual([undefined]);
    warned.mockRestore();
  });

  test("ignores measurements of a version that knows more", async () => {
    const shard = env.TELEMETRY.getByName("shard-of-the-test");
    const future = JSON.parse('[{"name":"wizdata_of_tomorrow_total","labels":[],"value":1}]');
    await shard.record(future);
    const names: string[] = (await shard.read()).map(({ name }: Series) => name);
    expect(names).toEqual(["wizdata_telemetry_batches_total"]);
  });
});

describe("series", () => {
  test("add up; of a gauge the latest stays, whatever the order", () => {
    const merged = new SeriesMap(10);
    const connections = (value: number, at: number): Series => {
      return { name: "wizdata_stream_connections", labels: [], value, at };
    };
    for (const each of [tier("kv", 1), tier("kv", 2), connections(7, 20), connections(4, 10)]) merged.add(each);
    expect(merged.list()).toEqual([tier("kv", 3), connections(7, 20)]);
  });

  test("are written as Prometheus reads them: cumulated buckets, escaped labels", () => {
    observe("wizdata_queue_age_seconds", { kind: 'a"b\\c\n' }, 3);
    observe("wizdata_queue_age_seconds", { kind: 'a"b\\c\n' }, 0.2);
    const text = prometheusText(drainReport(1));
    expect(text).toContain("# TYPE wizdata_queue_age_seconds histogram\n");
    expect(text).toContain('wizdata_queue_age_seconds_bucket{kind="a\\"b\\\\c\\n",le="0.5"} 1\n');
    expect(text).toContain('wizdata_queue_age_seconds_bucket{kind="a\\"b\\\\c\\n",le="5"} 2\n');
    expect(text).toContain('wizdata_queue_age_seconds_bucket{kind="a\\"b\\\\c\\n",le="+Inf"} 2\n');
    expect(text).toContain('wizdata_queue_age_seconds_sum{kind="a\\"b\\\\c\\n"} 3.2\n');
    expect(text).toContain('wizdata_queue_age_seconds_count{kind="a\\"b\\\\c\\n"} 2\n');
    expect(text).toContain("wizdata_stream_connections 0\n");
    expect(text.endsWith("\n")).toBe(true);
  });

  test("never have a label for a symbol or a key", () => {
    const labels = Object.values(METRICS).flatMap((metric) => [...metric.labels]);
    expect(labels).toContain("route");
    expect(labels.filter((label) => /symbol|key|caller|address|path$/.test(label))).toEqual([]);
  });
});
