import type { StoredQuote } from "../../../contracts/quote.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import type { FrameEvent, QuotePosition } from "../../symbol-events/symbol-events.ts";
import { gapFrame, quoteFrame } from "../frames.ts";
import type { RoomState } from "../room-state.ts";

/** Events that are kept: twenty minutes of a source that ticks once a second. */
export const SLOTS = 1_200;
/** Events, and characters of their text, that are sent again at once at most. */
export const MAX_REPLAYED_EVENTS = 5_000;
export const MAX_REPLAYED_CHARACTERS = 4 * 1024 * 1024;

/** The highest number that is recorded; what was given out before there was a log counts as recorded. */
function lastRecorded(sql: SqlStorage, state: RoomState): number {
  return sql.exec<{ last: number | null }>("select max(last) as last from events").one().last ?? state.seq();
}

/** A room's last quote events, each as the text of its frame, so that a caller that missed some can have them. */
export class QuoteLog {
  readonly #sql: SqlStorage;
  readonly #state: RoomState;
  readonly #slots: number;
  #last: number;

  constructor(sql: SqlStorage, state: RoomState, slots = SLOTS) {
    this.#sql = sql;
    this.#state = state;
    this.#slots = slots;
    this.#last = lastRecorded(sql, state);
  }

  /** The offset after the last event that was recorded. */
  position(): QuotePosition {
    return { epoch: this.#state.epoch(), seq: this.#last };
  }

  /** When the last event was recorded, unix seconds; null where there is none. */
  lastAt(): number | null {
    const rows = this.#sql.exec<{ at: number }>(
      "select at from events where slot = ? and last = ?",
      this.#last % this.#slots,
      this.#last,
    );
    return rows.toArray()[0]?.at ?? null;
  }

  /**
   * Records a quote under its number, before it a gap where numbers were given out whose events never came. Runs inside the
   * transaction that gave the number.
   */
  record(instrument: Instrument, quote: StoredQuote, now: number): FrameEvent[] {
    const { epoch, seq } = quote;
    const events: FrameEvent[] = [];
    if (seq > this.#last + 1) {
      const [fromSeq, toSeq] = [this.#last + 1, seq - 1];
      const text = gapFrame(instrument.symbol, fromSeq, toSeq, now);
      this.#write(fromSeq, toSeq, now, text);
      events.push({ channel: "gap", epoch, fromSeq, toSeq, text });
    }
    const text = quoteFrame(instrument, quote, now);
    this.#write(seq, seq, now, text);
    events.push({ channel: "quotes", epoch, seq, text });
    return events;
  }

  /** Forgets all events: after it, an epoch begins. */
  clear(): void {
    this.#sql.exec("delete from events");
    this.#last = this.#state.seq();
  }

  /** The texts of every event after a position, in order; null where they cannot all be sent. */
  after({ epoch, seq }: QuotePosition): string[] | null {
    if (
      epoch !== this.#state.epoch() ||
      seq > this.#last ||
      this.#last - seq > Math.min(MAX_REPLAYED_EVENTS, this.#slots)
    )
      return null;
    if (seq === this.#last) return [];
    const first = (seq + 1) % this.#slots;
    const final = this.#last % this.#slots;
    const span = first <= final ? "slot >= ? and slot <= ?" : "(slot >= ? or slot <= ?)";
    const rows = this.#sql
      .exec<{ seq: number; last: number; body: string }>(
        `select seq, last, body from events where ${span} and seq > ? order by seq`,
        first,
        final,
        seq,
      )
      .toArray();
    let reached = seq;
    let size = 0;
    for (const row of rows) {
      if (row.seq !== reached + 1) return null;
      reached = row.last;
      size += row.body.length;
    }
    return reached === this.#last && size <= MAX_REPLAYED_CHARACTERS ? rows.map(({ body }) => body) : null;
  }

  #write(seq: number, to: number, at: number, body: string): void {
    this.#sql.exec(
      "insert or replace into events (slot, seq, last, at, body) values (?, ?, ?, ?, ?)",
      seq % this.#slots,
      seq,
      to,
      at,
      body,
    );
    this.#last = to;
  }
}
