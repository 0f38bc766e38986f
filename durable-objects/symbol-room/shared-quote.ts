import type { StoredQuote } from "../../contracts/quote.ts";
import { isWithin } from "../../core/time.ts";
import { forgetCachedQuote, writeCachedQuote } from "../../storage/quote-cache.ts";

/** KV takes one write per second and key, and each costs: far regions are told this often (seconds), while somebody asks. */
const SHARE_EVERY = 15;

/** Tells other regions of a room's quote. */
export interface SharedQuote {
  share(quote: StoredQuote, now: number): void;
  /** Takes the quote back from all regions, after the data that it was made of has changed. */
  unshare(symbol: string): Promise<void>;
}

/** Opens the sharing of a room's quote; `keep` holds work that nobody waits for. */
export function openSharedQuote(cache: KVNamespace, keep: (work: Promise<void>) => void): SharedQuote {
  let sharedAt = 0;
  // Unknown after a start.
  let mayBeShared = true;
  return {
    share(quote, now) {
      if (isWithin(SHARE_EVERY, sharedAt, now)) return;
      sharedAt = now;
      mayBeShared = true;
      keep(writeCachedQuote(cache, quote));
    },
    async unshare(symbol) {
      sharedAt = 0;
      if (!mayBeShared) return;
      mayBeShared = false;
      await forgetCachedQuote(cache, symbol);
    },
  };
}
