import { count } from "../../../observability/metrics/collector.ts";

/** What a hub has done since this was last taken. Kept in memory: a frame must cost next to nothing. */
export interface StreamCounts {
  frames: number;
  /** Subscriptions that named a position: those that got all that they had missed, and those that got a snapshot. */
  recovered: number;
  snapshots: number;
}

export const newStreamCounts = (): StreamCounts => ({ frames: 0, recovered: 0, snapshots: 0 });

/** Empties a tally and returns what was in it. */
export function takeStreamCounts(counts: StreamCounts): StreamCounts {
  const taken = { ...counts };
  Object.assign(counts, newStreamCounts());
  return taken;
}

/** Counts what was taken, for the next report. */
export function reportStreamCounts({ frames, recovered, snapshots }: StreamCounts): void {
  if (frames > 0) count("wizdata_stream_frames_total", {}, frames);
  if (recovered > 0) count("wizdata_stream_resumes_total", { outcome: "recovered" }, recovered);
  if (snapshots > 0) count("wizdata_stream_resumes_total", { outcome: "snapshot" }, snapshots);
}
