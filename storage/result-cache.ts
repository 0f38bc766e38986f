import { logWarning } from "../observability/log.ts";

/** KV keeps nothing for less than a minute; a revised bar is seen within it. */
const KEPT_FOR_SECONDS = 60;

/** What an indicator result is known by. */
export interface ResultName {
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

const keyOf = (name: ResultName): string =>
  `indicators:${name.symbol}:${name.interval}:${name.specs}:${name.points}:${name.lastClosed}:${name.sources}`;

/** A result that somebody has calculated in the last minute; null where there is none, or the cache cannot be read. */
export async function readResult(cache: KVNamespace, name: ResultName): Promise<string | null> {
  try {
    return await cache.get(keyOf(name));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the result cache could not be read", { cause: error.message });
    return null;
  }
}

/** Keeps a result for a minute. */
export async function writeResult(cache: KVNamespace, name: ResultName, text: string): Promise<void> {
  try {
    await cache.put(keyOf(name), text, { expirationTtl: KEPT_FOR_SECONDS });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the result cache could not be written", { symbol: name.symbol, cause: error.message });
  }
}
