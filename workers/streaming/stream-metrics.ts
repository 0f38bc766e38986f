import { reportStreamCounts } from "../../durable-objects/streaming/connections/metrics.ts";
import { LOAD_LEVELS } from "../../durable-objects/streaming/connections/stream-load.ts";
import type { Sample } from "../../observability/metrics/series.ts";
import { forEachReachable } from "./socket-objects.ts";

/**
 * How the streams are at the moment, added up over all objects that hold sockets. What they have done since they were last asked is
 * counted on the way: rooms report nothing by themselves.
 */
export async function streamSeries(env: Env): Promise<Sample[]> {
  const { answers, unreachable } = await forEachReachable(env, async (holder) => {
    const reading = await holder.takeStreamMetrics();
    reportStreamCounts(reading);
    return reading;
  });
  const connections = answers.reduce((sum, reading) => sum + reading.connections, 0);
  const subscriptions = answers.reduce((sum, reading) => sum + reading.subscriptions, 0);
  const unacknowledged = answers.reduce((sum, reading) => sum + reading.unacknowledgedBytes, 0);
  return [
    { name: "wizdata_stream_connections", labels: [], value: connections },
    { name: "wizdata_stream_subscriptions", labels: [], value: subscriptions },
    ...LOAD_LEVELS.filter((level) => level !== "normal").map((level) => ({
      name: "wizdata_stream_loaded_objects" as const,
      labels: [level],
      value: answers.filter(({ load }) => load === level).length,
    })),
    { name: "wizdata_stream_unacknowledged_bytes", labels: [], value: unacknowledged },
    { name: "wizdata_stream_holders_unreachable", labels: [], value: unreachable },
  ];
}
