import type { Instrument } from "../../contracts/symbol.ts";

/** The few facts that a room keeps about itself: its registry row and its position in the stream. */
export interface RoomState {
  instrument(): Instrument | null;
  /** Keeps the newer of the known and the given row, and says which it is. */
  saveInstrument(instrument: Instrument): Instrument;
  /** Names the series of sequence numbers; new only if the log was truly lost, or may differ from what clients have. */
  epoch(): string;
  /** Begins a new epoch at `now` (unix seconds); sequence numbers go on. */
  renewEpoch(now: number): void;
  /** When the epoch was renewed last, unix seconds; null if it never was. */
  renewedAt(): number | null;
  /** Keeps the generation of streams that the platform runs with; returns whether this room has events of another one. */
  enterGeneration(generation: string): boolean;
  /** The last sequence number that was taken; 0 where none was. */
  seq(): number;
  /** Takes the next sequence number, from 1. */
  nextSeq(): number;
}

const EPOCH_LENGTH = 12;

/** The generation of a platform that names none, and of rooms that have kept none. */
const FIRST_GENERATION = "1";

function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(EPOCH_LENGTH));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** Opens a room's facts. */
export function openRoomState(sql: SqlStorage): RoomState {
  const read = (name: string): string | null =>
    sql.exec<{ value: string }>("select value from facts where name = ?", name).toArray()[0]?.value ?? null;
  const write = (name: string, value: string): void => {
    sql.exec("insert or replace into facts (name, value) values (?, ?)", name, value);
  };
  const seq = (): number => Number(read("seq") ?? 0);
  let instrument: Instrument | null | undefined;
  const readInstrument = (): Instrument | null => {
    if (instrument === undefined) instrument = JSON.parse(read("instrument") ?? "null") as Instrument | null;
    return instrument;
  };
  return {
    instrument: readInstrument,
    saveInstrument(next) {
      const kept = readInstrument();
      if (kept && kept.last_updated > next.last_updated) return kept;
      const row = JSON.stringify(next);
      if (kept && JSON.stringify(kept) === row) return kept;
      write("instrument", row);
      instrument = next;
      return next;
    },
    epoch() {
      const kept = read("epoch");
      if (kept !== null) return kept;
      const epoch = newEpoch();
      write("epoch", epoch);
      return epoch;
    },
    renewEpoch(now) {
      write("epoch", newEpoch());
      write("renewed_at", String(now));
    },
    renewedAt() {
      const at = read("renewed_at");
      return at === null ? null : Number(at);
    },
    enterGeneration(generation) {
      const next = generation || FIRST_GENERATION;
      if ((read("generation") ?? FIRST_GENERATION) === next) return false;
      write("generation", next);
      return read("epoch") !== null;
    },
    seq,
    nextSeq() {
      const next = seq() + 1;
      write("seq", String(next));
      return next;
    },
  };
}
