import { logWarning } from "../../observability/log.ts";
import { drainReport, isReportDue } from "../../observability/metrics/collector.ts";
import { type Series, SeriesMap } from "../../observability/metrics/series.ts";

/** Shards of Telemetry: an object takes hundreds of batches a second, an isolate sends one in five. */
const SHARDS = 4;

const MAX_SERIES = 80_000;

/** What reporting needs of the bindings. */
interface Bindings {
  TELEMETRY: {
    getByName(name: string): { record(batch: readonly Series[]): Promise<void>; read(): Promise<Series[]> };
  };
}

/** Sends what this isolate has measured. Telemetry may be down: then this batch is lost and nothing else. */
export async function reportNow(env: Bindings): Promise<void> {
  const report = drainReport(Date.now());
  if (report.length === 0) return;
  try {
    const shard = env.TELEMETRY.getByName(`shard-${Math.floor(Math.random() * SHARDS)}`);
    await shard.record(report);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("measurements were lost", { series: report.length, cause: error.message });
  }
}

/**
 * Sends what this isolate has measured if the last report is some seconds old. For the Worker, for hubs and for gates; rooms never
 * report, their counts ride on their answers.
 */
export function reportWhenDue(env: Bindings, context: { waitUntil(work: Promise<void>): void }): void {
  if (isReportDue(Date.now())) context.waitUntil(reportNow(env));
}

/** What all shards have, added up, and how many of them did not answer. */
export async function readTelemetry(env: Bindings): Promise<{ series: Series[]; unreachable: number }> {
  const merged = new SeriesMap(MAX_SERIES);
  let unreachable = 0;
  await Promise.all(
    Array.from({ length: SHARDS }, async (_, i) => {
      try {
        const shard = env.TELEMETRY.getByName(`shard-${i}`);
        const series = await shard.read();
        for (const each of series) merged.add(each);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        unreachable++;
        logWarning("a shard of Telemetry does not answer", { shard: i, cause: error.message });
      }
    }),
  );
  return { series: merged.list(), unreachable };
}
