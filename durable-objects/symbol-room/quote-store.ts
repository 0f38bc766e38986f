import type { ProviderQuote, StoredQuote } from "../../contracts/quote.ts";
import { NO_QUOTES, type QuoteMemory } from "../../core/data-quality/check-quote.ts";
import type { Facts } from "./facts.ts";

/** A room's latest quote. */
export interface QuoteStore {
  latest(): StoredQuote | null;
  /** What the next quote is judged with. */
  memory(): QuoteMemory;
  /** Keeps what the next quote is judged with; it is written with the next quote, a doubt at once. */
  remember(memory: QuoteMemory): void;
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
  let kept: StoredQuote | null = null;
  let memory: QuoteMemory = NO_QUOTES;
  const row = sql.exec<{ body: string; memory: string | null }>("select body, memory from quote").toArray()[0];
  if (row) {
    kept = JSON.parse(row.body);
    memory = row.memory === null ? NO_QUOTES : JSON.parse(row.memory);
  }
  return {
    latest: () => kept,
    memory: () => memory,
    remember(next) {
      const isNewDoubt = next.doubted !== memory.doubted;
      memory = next;
      if (isNewDoubt) sql.exec("update quote set memory = ?", JSON.stringify(memory));
    },
    accept(quote) {
      if (kept && sameEvent(kept, quote)) {
        kept = { ...kept, received_at: quote.received_at };
        return kept;
      }
      const stored = storage.transactionSync(() => {
        const next: StoredQuote = { ...quote, epoch: facts.epoch(), seq: facts.nextSeq() };
        sql.exec(
          "insert or replace into quote (id, body, memory) values (1, ?, ?)",
          JSON.stringify(next),
          JSON.stringify(memory),
        );
        return next;
      });
      kept = stored;
      return stored;
    },
    drop() {
      sql.exec("delete from quote");
      kept = null;
      memory = NO_QUOTES;
    },
  };
}
