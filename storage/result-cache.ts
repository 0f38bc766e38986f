import { logWarning } from "../observability/log.ts";

/** KV keeps nothing for less than a minute; a revised bar is seen within it. */
const TTL_SECONDS = 60;

/** What an indicator result is known by. */
export interface ResultKey {
  symbol: string;
  interval: string;
  /** A digest of the specs, in the order asked, of what is wrong with others, and of the symbol's units, which may change. */
  specs: string;
  points: number;
  /** Stamp of the last bar that is closed by calendar and clock. */
  lastClosed: number;
  /** Where the symbol's data comes from; another source is another result. */
  sources: string;
}

const keyOf = (key: ResultKey): string =>
  `indicators:${key.symbol}:${key.interval}:${key.specs}:${key.points}:${key.lastClosed}:${key.sources}`;

/** A result that a client has calculated in the last minute; null where there is none, or the cache cannot be read. */
export async function readResult(cache: KVNamespace, key: ResultKey): Promise<string | null> {
  try {
    return await cache.get(keyOf(key));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the result cache could not be read", { cause: error.message });
    return null;
  }
}

/** Keeps a result for a minute. */
export async function writeResult(cache: KVNamespace, key: ResultKey, text: string): Promise<void> {
  try {
    await cache.put(keyOf(key), text, { expirationTtl: TTL_SECONDS });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the result cache could not be written", { symbol: key.symbol, cause: error.message });
  }
}
