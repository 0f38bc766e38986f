import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import type { Facts } from "./facts.ts";

/** A room's latest quote. */
export interface QuoteStore {
  latest(): StoredQuote | null;
  /** Stores a quote under the next sequence number; one that says nothing new keeps its number. */
  accept(quote: ProviderQuote): StoredQuote;
  /** Forgets the latest quote; sequence numbers go on. */
  drop(): void;
}

/** What must differ for a quote to be news. */
function sameEvent(a: ProviderQuote, b: ProviderQuote): boolean {
  return (
    a.timestamp === b.timestamp &&
    a.provider === b.provider &&
    a.price === b.price &&
    a.open === b.open &&
    a.high === b.high &&
    a.low === b.low &&
    a.volume === b.volume &&
    a.previous_close === b.previous_close &&
    a.bid === b.bid &&
    a.ask === b.ask &&
    sameUnits(a, b)
  );
}

/** Whether two quotes, or a quote and what is known of its symbol, speak of the same units. */
export function sameUnits(a: Units, b: Units): boolean {
  return a.currency === b.currency && a.price_unit === b.price_unit && a.volume_unit === b.volume_unit;
}

type Units = Pick<ProviderQuote, "currency" | "price_unit" | "volume_unit">;

/** Opens a room's quote store. */
export function openQuoteStore(storage: DurableObjectStorage, facts: Facts): QuoteStore {
  const { sql } = storage;
  let kept: StoredQuote | null | undefined;
  const latest = (): StoredQuote | null => {
    if (kept === undefined) {
      const body = sql.exec<{ body: string }>("select body from quote").toArray()[0]?.body;
      kept = body === undefined ? null : (JSON.parse(body) as StoredQuote);
    }
    return kept;
  };
  return {
    latest,
    accept(quote) {
      const before = latest();
      if (before && sameEvent(before, quote)) {
        kept = { ...before, received_at: quote.received_at };
        return kept;
      }
      const stored = storage.transactionSync(() => {
        const next: StoredQuote = { ...quote, epoch: facts.epoch(), seq: facts.nextSeq() };
        sql.exec("insert or replace into quote (id, body) values (1, ?)", JSON.stringify(next));
        return next;
      });
      kept = stored;
      return stored;
    },
    drop() {
      sql.exec("delete from quote");
      kept = null;
    },
  };
}
