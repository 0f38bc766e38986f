import type { ProviderQuote, StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { NO_QUOTES, type QuoteMemory } from "../../../core/data-quality/check-quote.ts";
import type { FrameEvent } from "../../symbol-events/symbol-events.ts";
import type { RoomState } from "../room-state.ts";
import type { QuoteLog } from "./quote-log.ts";

/** A room's latest quote. */
export interface QuoteStore {
  latest(): StoredQuote | null;
  /** What the next quote is judged with. */
  memory(): QuoteMemory;
  /** Keeps what the next quote is judged with; it is written with the next quote, a doubt at once. */
  remember(memory: QuoteMemory): void;
  /** Stores a quote under the next sequence number; one that says nothing new keeps its number. */
  accept(instrument: Instrument, quote: ProviderQuote): StoredQuote;
  /** Stores a quote under the next sequence number even where it says nothing new. */
  acceptDuplicate(instrument: Instrument, quote: ProviderQuote): StoredQuote;
  /** Takes the latest quote over into the room's present epoch. */
  enterEpoch(): void;
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

/** Called with the events that a quote is, when they are stored. */
export type OnQuote = (instrument: Instrument, quote: StoredQuote, events: FrameEvent[]) => void;

/** Opens a room's quote store; each new quote is recorded in the log before `heard` is called with it. */
export function openQuoteStore(
  storage: DurableObjectStorage,
  state: RoomState,
  log: QuoteLog,
  onQuote: OnQuote,
): QuoteStore {
  const { sql } = storage;
  let kept: StoredQuote | null = null;
  let memory: QuoteMemory = NO_QUOTES;
  const row = sql.exec<{ body: string; memory: string | null }>("select body, memory from quote").toArray()[0];
  if (row) {
    kept = JSON.parse(row.body);
    memory = row.memory === null ? NO_QUOTES : JSON.parse(row.memory);
  }
  const store = (instrument: Instrument, quote: ProviderQuote): StoredQuote => {
    const [stored, events] = storage.transactionSync(() => {
      const next: StoredQuote = { ...quote, epoch: state.epoch(), seq: state.nextSeq() };
      sql.exec(
        "insert or replace into quote (id, body, memory) values (1, ?, ?)",
        JSON.stringify(next),
        JSON.stringify(memory),
      );
      return [next, log.record(instrument, next, Date.now() / 1000)] as const;
    });
    kept = stored;
    onQuote(instrument, stored, events);
    return stored;
  };
  return {
    latest: () => kept,
    memory: () => memory,
    remember(next) {
      const isNewDoubt = next.doubted !== memory.doubted;
      memory = next;
      if (isNewDoubt) sql.exec("update quote set memory = ?", JSON.stringify(memory));
    },
    accept(instrument, quote) {
      if (kept && sameEvent(kept, quote)) {
        kept = { ...kept, received_at: quote.received_at };
        return kept;
      }
      return store(instrument, quote);
    },
    acceptDuplicate: store,
    enterEpoch() {
      if (!kept) return;
      kept = { ...kept, epoch: state.epoch() };
      sql.exec("update quote set body = ?", JSON.stringify(kept));
    },
    drop() {
      sql.exec("delete from quote");
      kept = null;
      memory = NO_QUOTES;
    },
  };
}
