import { type StoredQuote, StoredQuoteSchema } from "../contracts/quote.ts";
import { logWarning } from "../observability/log.ts";

/** Long enough that a far region has something to say when a room is out of reach; every value says how old it is. */
const TTL_SECONDS = 86_400;

const keyOf = (symbol: string): string => `quote:${symbol}`;

/** KV reads this many keys in one operation. */
const MAX_KEYS_PER_READ = 100;

/**
 * The last known quotes of symbols as this region has them. A cache may fail: then nothing is known here, and the reader asks
 * the symbols' rooms.
 */
export async function readCachedQuotes(
  cache: KVNamespace,
  symbols: readonly string[],
): Promise<Map<string, StoredQuote>> {
  const found = new Map<string, StoredQuote>();
  for (let i = 0; i < symbols.length; i += MAX_KEYS_PER_READ) {
    const keys = symbols.slice(i, i + MAX_KEYS_PER_READ).map(keyOf);
    for (const value of await readValues(cache, keys)) {
      const parsed = StoredQuoteSchema.safeParse(value);
      if (parsed.success) found.set(parsed.data.symbol, parsed.data);
    }
  }
  return found;
}

async function readValues(cache: KVNamespace, keys: string[]): Promise<unknown[]> {
  try {
    return [...(await cache.get(keys, "json")).values()];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the quote cache could not be read", { cause: error.message });
    return [];
  }
}

/** Makes a quote known to all regions, within seconds. At most one write per second and symbol is allowed. */
export async function writeCachedQuote(cache: KVNamespace, quote: StoredQuote): Promise<void> {
  try {
    await cache.put(keyOf(quote.symbol), JSON.stringify(quote), { expirationTtl: TTL_SECONDS });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the quote cache could not be written", { symbol: quote.symbol, cause: error.message });
  }
}

/** Takes a quote back from all regions, after the data that it was made of has changed. */
export async function deleteCachedQuote(cache: KVNamespace, symbol: string): Promise<void> {
  try {
    await cache.delete(keyOf(symbol));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("the quote cache could not be cleared", { symbol, cause: error.message });
  }
}
