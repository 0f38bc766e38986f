import type { StoredQuote } from "../../../contracts/quote.ts";
import { isWithin } from "../../../core/time.ts";
import { deleteCachedQuote, writeCachedQuote } from "../../../storage/quote-cache.ts";

/** KV takes one write per second and key, and each costs: far regions get a copy this often (seconds), while clients ask. */
const SHARE_EVERY = 15;

/** Publishes a room's quote to other regions. */
export class QuoteBroadcast {
  readonly #cache: KVNamespace;
  readonly #keep: (work: Promise<void>) => void;
  #sharedAt = 0;
  // Unknown after a start.
  #mayBeShared = true;

  constructor(cache: KVNamespace, keep: (work: Promise<void>) => void) {
    this.#cache = cache;
    this.#keep = keep;
  }

  publishToKv(quote: StoredQuote, now: number): void {
    if (isWithin(SHARE_EVERY, this.#sharedAt, now)) return;
    this.#sharedAt = now;
    this.#mayBeShared = true;
    this.#keep(writeCachedQuote(this.#cache, quote));
  }

  /** Takes the quote back from all regions, after the data that it was made of has changed. */
  async invalidate(symbol: string): Promise<void> {
    this.#sharedAt = 0;
    if (!this.#mayBeShared) return;
    this.#mayBeShared = false;
    await deleteCachedQuote(this.#cache, symbol);
  }
}
