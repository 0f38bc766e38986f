import type { StoredQuote } from "../../../contracts/quote.ts";
import { isWithin } from "../../../core/time.ts";
import { deleteCachedQuote, writeCachedQuote } from "../../../storage/quote-cache.ts";

/** KV takes one write per second and key, and each costs: far regions are told this often (seconds), while somebody asks. */
const SHARE_EVERY = 15;

/** Tells other regions of a room's quote. */
export interface QuoteBroadcast {
  publishToKv(quote: StoredQuote, now: number): void;
  /** Takes the quote back from all regions, after the data that it was made of has changed. */
  invalidate(symbol: string): Promise<void>;
}

/** Opens the sharing of a room's quote; `keep` holds work that nobody waits for. */
export function openQuoteBroadcast(cache: KVNamespace, keep: (work: Promise<void>) => void): QuoteBroadcast {
  let sharedAt = 0;
  // Unknown after a start.
  let mayBeShared = true;
  return {
    publishToKv(quote, now) {
      if (isWithin(SHARE_EVERY, sharedAt, now)) return;
      sharedAt = now;
      mayBeShared = true;
      keep(writeCachedQuote(cache, quote));
    },
    async invalidate(symbol) {
      sharedAt = 0;
      if (!mayBeShared) return;
      mayBeShared = false;
      await deleteCachedQuote(cache, symbol);
    },
  };
}
