import { isWithin } from "../../../core/time.ts";

/** Seconds from the moment that sending to a socket stopped until it is closed. */
export const SLOW_CONSUMER_SECONDS = 60;

/** A client may send frames and never read: beyond this many times the usual limit only an `ack` shows that it reads. */
const MAX_UNCONFIRMED_FACTOR = 16;

/** What a client may not have read: the platform says nothing of full buffers, so that it is counted here. */
export interface UnacknowledgedBytes {
  /** Sent since the client's last frame. */
  unackedBytes: number;
  /** Sent and not proven to be read by an `ack`. */
  unconfirmedBytes: number;
  /** The last heartbeat, and what had been sent and not proven when it left. */
  mark: { beat: number; unconfirmedBytes: number } | null;
}

/**
 * Whether a client is so far behind that sending stops.
 * @param limit bytes that may be unacknowledged
 */
export const isTooFarBehind = ({ unackedBytes, unconfirmedBytes }: UnacknowledgedBytes, limit: number): boolean =>
  unackedBytes > limit || unconfirmedBytes > limit * MAX_UNCONFIRMED_FACTOR;

/** Takes off what a client has read when it acknowledges a heartbeat. */
export function acknowledgeHeartbeat(bytes: UnacknowledgedBytes, beat: number): void {
  const { mark } = bytes;
  if (mark?.beat !== beat) return;
  bytes.unconfirmedBytes -= mark.unconfirmedBytes;
  bytes.unackedBytes = Math.min(bytes.unackedBytes, bytes.unconfirmedBytes);
  bytes.mark = null;
}

/**
 * Whether a client has been too far behind for so long that its socket is closed.
 * @param stoppedAt when sending stopped, and `now`: unix seconds
 */
export const isSlowConsumer = (stoppedAt: number | null, now: number): boolean =>
  stoppedAt !== null && !isWithin(SLOW_CONSUMER_SECONDS, stoppedAt, now);
