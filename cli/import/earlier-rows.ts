import type { CandleRow, RefusedRow } from "../../core/candle-rows.ts";

/** What a row is to the rows of earlier chunks: a new time, a repetition, or a contradiction. */
export type Relation = "new" | "unchanged" | "withheld" | RefusedRow;

const FIRST_CAPACITY = 4_096;

/** A row's numbers, mixed into 53 bits (FNV-1a, twice); null where one of them is no number: then the platform says why. */
function digestOf(row: CandleRow): number | null {
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (const cell of [row.open, row.high, row.low, row.close, row.volume]) {
    const text = String(cell ?? "").trim();
    const value = text === "" ? "" : Number(text);
    if (Number.isNaN(value)) return null;
    for (const character of `${value},`) {
      const code = character.charCodeAt(0);
      low = Math.imul(low ^ code, 0x01000193) >>> 0;
      high = Math.imul(high ^ code, 0x85ebca6b) >>> 0;
    }
  }
  return (high & 0x1fffff) * 2 ** 32 + low;
}

/**
 * Finds rows that repeat or contradict one of an earlier chunk; the platform sees one chunk at a time and could not. It keeps some twenty
 * bytes a row: the time, the line and a digest of the numbers.
 */
export class EarlierRows {
  #times = new Float64Array(FIRST_CAPACITY);
  #lines = new Uint32Array(FIRST_CAPACITY);
  #digests = new Float64Array(FIRST_CAPACITY);
  #stored = new Uint8Array(FIRST_CAPACITY);
  #length = 0;
  /** 1 where times ascend, -1 where they descend, 0 where they do neither and are found through `#indices`. */
  #direction: -1 | 0 | 1 = 1;
  #indices: Map<number, number> | null = null;

  relationOf(row: CandleRow): Relation {
    const index = this.#indexOf(Number(row.time));
    if (index < 0) return "new";
    const digest = digestOf(row);
    if (digest === null) return "new";
    if (digest !== this.#digests[index]) {
      return { line: row.line, reason: `has the time of line ${this.#lines[index]} but other numbers` };
    }
    return this.#stored[index] === 1 ? "unchanged" : "withheld";
  }

  /** Keeps good rows of a chunk. */
  remember(rows: readonly CandleRow[], stored: boolean): void {
    for (const row of rows) {
      const digest = digestOf(row);
      const time = Number(row.time);
      if (digest === null || !Number.isFinite(time) || this.#indexOf(time) >= 0) continue;
      this.#add(time, row.line, digest, stored);
    }
  }

  #add(time: number, line: number, digest: number, stored: boolean): void {
    const index = this.#length;
    if (index === this.#times.length) this.#grow();
    if (index === 1) this.#direction = time > this.#times[0] ? 1 : -1;
    else if (index > 1 && this.#direction !== 0 && Math.sign(time - this.#times[index - 1]) !== this.#direction) {
      this.#direction = 0;
      this.#indices = new Map(Array.from(this.#times.subarray(0, index), (each, i) => [each, i]));
    }
    this.#times[index] = time;
    this.#lines[index] = line;
    this.#digests[index] = digest;
    this.#stored[index] = stored ? 1 : 0;
    this.#indices?.set(time, index);
    this.#length++;
  }

  #grow(): void {
    const grown = <T extends Float64Array | Uint32Array | Uint8Array>(into: T, from: T): T => {
      into.set(from);
      return into;
    };
    const capacity = this.#times.length * 2;
    this.#times = grown(new Float64Array(capacity), this.#times);
    this.#lines = grown(new Uint32Array(capacity), this.#lines);
    this.#digests = grown(new Float64Array(capacity), this.#digests);
    this.#stored = grown(new Uint8Array(capacity), this.#stored);
  }

  #indexOf(time: number): number {
    if (this.#indices) return this.#indices.get(time) ?? -1;
    let [low, high] = [0, this.#length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const difference = (this.#times[middle] - time) * this.#direction;
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
