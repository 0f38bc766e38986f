import { DurableObject } from "cloudflare:workers";
import { isMetricName, type MetricName } from "../../observability/metrics/catalogue.ts";
import { type Series, SeriesMap } from "../../observability/metrics/series.ts";

/** Series that a shard keeps: labels are bounded, so this is far more than there are. */
const MAX_SERIES = 20_000;

/**
 * A shard of what the platform has measured. Isolates send what they have counted to any of the shards; /metrics adds the shards
 * up. Kept in SQLite, a row for each metric, so that a batch writes a handful of rows and counters never go back.
 */
export class Telemetry extends DurableObject<Env> {
  readonly #series = new SeriesMap(MAX_SERIES);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("create table if not exists metrics (name text primary key, series text not null) without rowid");
    for (const { series } of sql.exec<{ name: string; series: string }>("select name, series from metrics")) {
      const kept: Series[] = JSON.parse(series);
      for (const each of kept) if (isMetricName(each.name)) this.#series.add(each);
    }
  }

  /** Adds a batch of measurements. */
  record(batch: readonly Series[]): void {
    const changed = new Set<MetricName>(["wizdata_telemetry_batches_total"]);
    this.#series.add({ name: "wizdata_telemetry_batches_total", labels: [], value: 1 });
    for (const series of batch) {
      // An isolate of another version may measure what this one does not know.
      if (isMetricName(series.name) && this.#series.add(series)) changed.add(series.name);
    }
    const all = this.#series.list();
    for (const name of changed) {
      const text = JSON.stringify(all.filter((series) => series.name === name));
      this.ctx.storage.sql.exec("insert or replace into metrics (name, series) values (?, ?)", name, text);
    }
  }

  /** All that this shard was sent. */
  read(): Series[] {
    return this.#series.list();
  }
}
