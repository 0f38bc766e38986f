/** What an operator may configure of hubs. */
export interface StreamLimits {
  /** Characters sent without a frame from the client after which sending stops. */
  unacknowledgedBytes: number;
  /** The most sockets of one hub. */
  sockets: number;
  /** The most sockets of one client address without a key, in one hub. */
  socketsPerAddress: number;
  /** The most sockets of one key, in one hub. */
  socketsPerKey: number;
}

const wholeNumber = (text: string, fallback: number): number => (/^\d{1,12}$/.test(text) ? Number(text) : fallback);

/** Reads the settings from the environment; what is not a number there is the default. */
export function streamLimits(env: {
  UNACKNOWLEDGED_BYTES: string;
  HUB_SOCKETS: string;
  SOCKETS_PER_ADDRESS: string;
  SOCKETS_PER_KEY: string;
}): StreamLimits {
  return {
    unacknowledgedBytes: wholeNumber(env.UNACKNOWLEDGED_BYTES, 4 * 1024 * 1024),
    sockets: wholeNumber(env.HUB_SOCKETS, 2000),
    socketsPerAddress: wholeNumber(env.SOCKETS_PER_ADDRESS, 20),
    socketsPerKey: wholeNumber(env.SOCKETS_PER_KEY, 1000),
  };
}
