/** What was written to a socket, and how much of it its client has acknowledged, in characters; part of the socket's attachment. */
export interface WrittenBytes {
  /** Written in all: confirmations, snapshots and pongs too. */
  written: number;
  /** What had been written when the heartbeat left that was acknowledged last. */
  acknowledged: number;
  /** The last heartbeats, oldest first, each with what had been written when it left. */
  marks: [beat: number, written: number][];
}

/** Heartbeats that may still be acknowledged: those of ten minutes. */
const MAX_MARKS = 20;

export const nothingWritten = (): WrittenBytes => ({ written: 0, acknowledged: 0, marks: [] });

/** The characters that a client may not have read: the platform says nothing of full buffers, so that they are counted. */
export const unacknowledgedOf = ({ written, acknowledged }: WrittenBytes): number => written - acknowledged;

/** Takes note of a heartbeat that has just been written. */
export function markHeartbeat(bytes: WrittenBytes, beat: number): void {
  bytes.marks.push([beat, bytes.written]);
  if (bytes.marks.length > MAX_MARKS) bytes.marks.shift();
}

/** A client has read everything up to a heartbeat; one that was not sent, or was acknowledged before, changes nothing. */
export function acknowledgeHeartbeat(bytes: WrittenBytes, beat: number): void {
  const index = bytes.marks.findIndex(([marked]) => marked === beat);
  if (index < 0) return;
  bytes.acknowledged = bytes.marks[index][1];
  bytes.marks.splice(0, index + 1);
}
