/** What an operator may configure of hubs. */
export interface StreamLimits {
  /** Characters that may be unacknowledged before a socket lags. */
  unacknowledgedBytes: number;
  /** What all sockets of one object that lag may have unacknowledged together, in characters. */
  unacknowledgedBytesPerObject: number;
  /** The most sockets of one hub. */
  sockets: number;
  /** The most sockets of one client address without a key, over all objects. */
  socketsPerAddress: number;
  /** The most sockets of one key, in one hub. */
  socketsPerKey: number;
  /** Frames that wait to be written from which an object is under load. */
  queuedFrames: number;
}

/** What one caller may have unacknowledged over all objects, in characters. */
export const MAX_CALLER_BYTES = 64 * 1024 * 1024;
/** The part of a hub's sockets that only callers with keys get. */
const RESERVED_SOCKETS = 1 / 10;

/** The most sockets that callers without a key may have together in one object. */
export const socketsWithoutKey = ({ sockets }: StreamLimits): number =>
  sockets - Math.floor(sockets * RESERVED_SOCKETS);

const wholeNumber = (text: string, fallback: number): number => (/^\d{1,12}$/.test(text) ? Number(text) : fallback);

/** Reads the settings from the environment; what is not a number there is the default. */
export function streamLimits(env: {
  UNACKNOWLEDGED_BYTES: string;
  UNACKNOWLEDGED_BYTES_PER_OBJECT: string;
  HUB_SOCKETS: string;
  SOCKETS_PER_ADDRESS: string;
  SOCKETS_PER_KEY: string;
  QUEUED_FRAMES: string;
}): StreamLimits {
  return {
    unacknowledgedBytes: wholeNumber(env.UNACKNOWLEDGED_BYTES, 4 * 1024 * 1024),
    unacknowledgedBytesPerObject: wholeNumber(env.UNACKNOWLEDGED_BYTES_PER_OBJECT, 32 * 1024 * 1024),
    sockets: wholeNumber(env.HUB_SOCKETS, 2000),
    socketsPerAddress: wholeNumber(env.SOCKETS_PER_ADDRESS, 20),
    socketsPerKey: wholeNumber(env.SOCKETS_PER_KEY, 1000),
    queuedFrames: Math.max(1, wholeNumber(env.QUEUED_FRAMES, 200_000)),
  };
}
