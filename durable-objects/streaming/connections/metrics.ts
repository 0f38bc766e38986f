import { count } from "../../../observability/metrics/collector.ts";

/** Why something was refused that is no error: an object has too much to do, or a caller has its share. */
export type RefusalReason = "overloaded" | "share";

/** What a hub has done since this was last taken. Kept in memory: a frame must cost next to nothing. */
export interface StreamCounts {
  frames: number;
  /** Subscriptions that named a position: those that got all that they had missed, and those that got a snapshot. */
  recovered: number;
  snapshots: number;
  /** Sockets that were closed from here, by close code. */
  closed: Record<number, number>;
  /** Sockets, subscriptions and histories that were refused. */
  refused: Record<RefusalReason, number>;
}

export const newStreamCounts = (): StreamCounts => ({
  frames: 0,
  recovered: 0,
  snapshots: 0,
  closed: {},
  refused: { overloaded: 0, share: 0 },
});

/** Empties a tally and returns what was in it. */
export function takeStreamCounts(counts: StreamCounts): StreamCounts {
  const taken = { ...counts };
  Object.assign(counts, newStreamCounts());
  return taken;
}

/** Counts what was taken, for the next report. */
export function reportStreamCounts({ frames, recovered, snapshots, closed, refused }: StreamCounts): void {
  if (frames > 0) count("wizdata_stream_frames_total", {}, frames);
  if (recovered > 0) count("wizdata_stream_resumes_total", { outcome: "recovered" }, recovered);
  if (snapshots > 0) count("wizdata_stream_resumes_total", { outcome: "snapshot" }, snapshots);
  for (const [code, times] of Object.entries(closed)) count("wizdata_stream_closed_total", { code }, times);
  for (const [reason, times] of Object.entries(refused)) {
    if (times > 0) count("wizdata_stream_refusals_total", { reason }, times);
  }
}
