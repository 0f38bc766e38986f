import type { Instrument } from "../../contracts/symbol.ts";
import { FIRST_RANKING, type Ranking } from "./candles/filling/ranking.ts";

const EPOCH_LENGTH = 12;

/** The generation of a platform that names none, and of rooms that have kept none. */
const FIRST_GENERATION = "1";

function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(EPOCH_LENGTH));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

/** The few facts that a room keeps about itself: its registry row and its position in the stream. */
export class RoomState {
  readonly #sql: SqlStorage;
  #instrument: Instrument | null | undefined;
  #ranked: string | null | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  instrument(): Instrument | null {
    if (this.#instrument === undefined)
      this.#instrument = JSON.parse(this.#read("instrument") ?? "null") as Instrument | null;
    return this.#instrument;
  }

  /** Keeps the newer of the known and the given row, and says which it is. */
  saveInstrument(next: Instrument): Instrument {
    const kept = this.instrument();
    if (kept && kept.last_updated > next.last_updated) return kept;
    const row = JSON.stringify(next);
    if (kept && JSON.stringify(kept) === row) return kept;
    this.#write("instrument", row);
    this.#instrument = next;
    return next;
  }

  /** Names the series of sequence numbers; new only if the log was truly lost, or may differ from what clients have. */
  epoch(): string {
    const kept = this.#read("epoch");
    if (kept !== null) return kept;
    const epoch = newEpoch();
    this.#write("epoch", epoch);
    return epoch;
  }

  /** Begins a new epoch at `now` (unix seconds); sequence numbers go on. */
  renewEpoch(now: number): void {
    this.#write("epoch", newEpoch());
    this.#write("renewed_at", String(now));
  }

  /** When the epoch was renewed last, unix seconds; null if it never was. */
  renewedAt(): number | null {
    const at = this.#read("renewed_at");
    return at === null ? null : Number(at);
  }

  /** Keeps the generation of streams that the platform runs with; returns whether this room has events of another one. */
  enterGeneration(generation: string): boolean {
    const next = generation || FIRST_GENERATION;
    if ((this.#read("generation") ?? FIRST_GENERATION) === next) return false;
    this.#write("generation", next);
    return this.#read("epoch") !== null;
  }

  /** The last sequence number that was taken; 0 where none was. */
  seq(): number {
    return Number(this.#read("seq") ?? 0);
  }

  /** Takes the next sequence number, from 1. */
  nextSeq(): number {
    const next = this.seq() + 1;
    this.#write("seq", String(next));
    return next;
  }

  /** Keeps the order of sources in which candles are ranked; returns whether those that are there were ranked in another. */
  enterRanking(sources: string): boolean {
    if (this.#ranked === undefined) this.#ranked = this.#read("ranked_by");
    if (this.#ranked === sources) return false;
    const isFirst = this.#ranked === null;
    this.#write("ranked_by", sources);
    this.#ranked = sources;
    if (!isFirst) this.saveRanking(FIRST_RANKING);
    return !isFirst;
  }

  /** How far candles are ranked by the present order; null where all are. */
  ranking(): Ranking | null {
    return JSON.parse(this.#read("ranking") ?? "null") as Ranking | null;
  }

  saveRanking(ranking: Ranking | null): void {
    this.#write("ranking", JSON.stringify(ranking));
  }

  #read(name: string): string | null {
    return (
      this.#sql.exec<{ value: string }>("select value from facts where name = ?", name).toArray()[0]?.value ?? null
    );
  }

  #write(name: string, value: string): void {
    this.#sql.exec("insert or replace into facts (name, value) values (?, ?)", name, value);
  }
}
