import { count } from "../../observability/metrics/collector.ts";

/** What an audience has done since this was last taken. Kept in memory: a frame must cost next to nothing. */
export interface Tally {
  frames: number;
  /** Subscriptions that named a position: those that got all that they had missed, and those that got a snapshot. */
  recovered: number;
  snapshots: number;
}

export const newTally = (): Tally => ({ frames: 0, recovered: 0, snapshots: 0 });

/** Empties a tally and gives what was in it. */
export function takeTally(tally: Tally): Tally {
  const taken = { ...tally };
  Object.assign(tally, newTally());
  return taken;
}

/** Counts what was taken, for the next report. */
export function countTally({ frames, recovered, snapshots }: Tally): void {
  if (frames > 0) count("wizdata_stream_frames_total", {}, frames);
  if (recovered > 0) count("wizdata_stream_resumes_total", { outcome: "recovered" }, recovered);
  if (snapshots > 0) count("wizdata_stream_resumes_total", { outcome: "snapshot" }, snapshots);
}
