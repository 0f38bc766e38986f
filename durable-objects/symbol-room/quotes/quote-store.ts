import type { UNIT_FIELDS } from "../../../contracts/candle.ts";
import type { ProviderQuote, StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { EMPTY_MEMORY, type QuoteMemory } from "../../../core/data-quality/check-quote.ts";
import type { FrameEvent } from "../../symbol-events/symbol-events.ts";
import type { RoomState } from "../room-state.ts";
import type { QuoteLog } from "./quote-log.ts";

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

type Units = Pick<ProviderQuote, (typeof UNIT_FIELDS)[number]>;

/** A quote as it was stored, and the events that it is; none if it says nothing new. */
export interface AcceptedQuote {
  quote: StoredQuote;
  events: FrameEvent[];
}

/** A room's latest quote. */
export class QuoteStore {
  readonly #storage: DurableObjectStorage;
  readonly #state: RoomState;
  readonly #log: QuoteLog;
  readonly #sql: SqlStorage;
  #kept: StoredQuote | null = null;
  #memory: QuoteMemory = EMPTY_MEMORY;

  constructor(storage: DurableObjectStorage, state: RoomState, log: QuoteLog) {
    this.#storage = storage;
    this.#state = state;
    this.#log = log;
    this.#sql = storage.sql;
    const row = this.#sql.exec<{ body: string; memory: string | null }>("select body, memory from quote").toArray()[0];
    if (row) {
      this.#kept = JSON.parse(row.body);
      this.#memory = row.memory === null ? EMPTY_MEMORY : JSON.parse(row.memory);
    }
  }

  latest(): StoredQuote | null {
    return this.#kept;
  }

  /** What the next quote is checked with. */
  memory(): QuoteMemory {
    return this.#memory;
  }

  /** Keeps what the next quote is checked with; it is written with the next quote, an anomaly at once. */
  remember(next: QuoteMemory): void {
    const isNewAnomaly = next.doubted !== this.#memory.doubted;
    this.#memory = next;
    if (isNewAnomaly) this.#sql.exec("update quote set memory = ?", JSON.stringify(this.#memory));
  }

  /** Stores a quote under the next sequence number; one that says nothing new keeps its number. */
  accept(instrument: Instrument, quote: ProviderQuote): AcceptedQuote {
    if (this.#kept && sameEvent(this.#kept, quote)) {
      this.#kept = { ...this.#kept, received_at: quote.received_at };
      return { quote: this.#kept, events: [] };
    }
    return this.acceptDuplicate(instrument, quote);
  }

  /** Stores a quote under the next sequence number even where it says nothing new. */
  acceptDuplicate(instrument: Instrument, quote: ProviderQuote): AcceptedQuote {
    const [stored, events] = this.#storage.transactionSync(() => {
      const next: StoredQuote = { ...quote, epoch: this.#state.epoch(), seq: this.#state.nextSeq() };
      this.#sql.exec(
        "insert or replace into quote (id, body, memory) values (1, ?, ?)",
        JSON.stringify(next),
        JSON.stringify(this.#memory),
      );
      return [next, this.#log.record(instrument, next, Date.now() / 1000)] as const;
    });
    this.#kept = stored;
    return { quote: stored, events };
  }

  /** Takes the latest quote over into the room's present epoch. */
  enterEpoch(): void {
    if (!this.#kept) return;
    this.#kept = { ...this.#kept, epoch: this.#state.epoch() };
    this.#sql.exec("update quote set body = ?", JSON.stringify(this.#kept));
  }

  /** Forgets the latest quote; sequence numbers go on. */
  drop(): void {
    this.#sql.exec("delete from quote");
    this.#kept = null;
    this.#memory = EMPTY_MEMORY;
  }
}
