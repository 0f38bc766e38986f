import type { ImportChunk, ImportReport } from "../../contracts/import.ts";
import type { CandleRow, RefusedRow } from "../../core/candle-rows.ts";
import { Interrupted } from "../platform/failures.ts";
import { EarlierRows, type Relation } from "./earlier-rows.ts";
import { addTo, emptyTotals, type Totals } from "./totals.ts";

/** Rows of one chunk. */
export const CHUNK_ROWS = 2_000;

/** How an import is done. */
export interface ImportOptions {
  symbol: string;
  interval: ImportChunk["interval"];
  adjustment: ImportChunk["adjustment"];
  keepGood: boolean;
  /** Judge every row and store nothing; the totals are those that storing would have. */
  checkOnly: boolean;
  /** Store rows although their spacing says that they are of another interval. */
  force?: boolean;
  /** The day, as `2026-11-20`, up to which past prices are adjusted, where it is known. */
  adjustedAsOf?: string;
  /** The file that the rows are of; without it each chunk is an import of its own. */
  file?: Omit<NonNullable<ImportChunk["import"]>, "last">;
  /** Ends the import between two chunks. */
  signal?: AbortSignal;
}

/** What the platform says of a chunk; of a refused one it names no import, and flags no row. */
export type ChunkReport = Omit<ImportReport, "import_id" | "suspect"> &
  Partial<Pick<ImportReport, "import_id" | "suspect">>;

type Send = (chunk: ImportChunk) => Promise<ChunkReport>;

/** Rows of a file, in order, and the bytes of the disk that were read for them. */
export interface RowBatch {
  rows: readonly (CandleRow | RefusedRow)[];
  bytes: number;
}

const isRefused = (row: CandleRow | RefusedRow): row is RefusedRow => "reason" in row;

/** A chunk while it is collected. */
interface Draft {
  rows: CandleRow[];
  refused: RefusedRow[];
  /** Rows that repeat a stored row of an earlier chunk. */
  unchanged: number;
  /** Rows that repeat one that was held back. */
  withheld: number;
}

const emptyDraft = (): Draft => ({ rows: [], refused: [], unchanged: 0, withheld: 0 });

const sizeOf = (draft: Draft): number => draft.rows.length + draft.refused.length + draft.unchanged + draft.withheld;

/**
 * Imports rows in chunks, the last of which ends the import. After the first chunk with a bad row nothing more is stored, unless `keepGood`;
 * the rest is still checked, so that the report counts every bad row.
 * @param totals are added to while the import goes on, so that they are known where it is cut off
 * @param progress called with the bytes that are done
 * @throws Interrupted
 */
export async function importRows(
  batches: AsyncIterable<RowBatch>,
  options: ImportOptions,
  send: Send,
  progress: (bytes: number) => void = () => {},
  totals: Totals = emptyTotals(),
  chunkRows: number = CHUNK_ROWS,
): Promise<Totals> {
  const chunks = new Chunks(options, send, totals);
  for await (const { rows, bytes } of batches) {
    for (const row of rows) {
      if (chunks.size >= chunkRows) await chunks.flush(false);
      chunks.collect(row);
    }
    progress(bytes);
  }
  if (chunks.size > 0) await chunks.flush(true);
  totals.refused.rows.sort((a, b) => a.line - b.line);
  return totals;
}

/** The chunks of one file, one after the other. */
class Chunks {
  readonly #options: ImportOptions;
  readonly #send: Send;
  readonly #totals: Totals;
  readonly #earlier = new EarlierRows();
  #draft = emptyDraft();
  /** Whether rows are still stored, or would be. */
  #storing = true;

  constructor(options: ImportOptions, send: Send, totals: Totals) {
    this.#options = options;
    this.#send = send;
    this.#totals = totals;
  }

  get size(): number {
    return sizeOf(this.#draft);
  }

  collect(row: CandleRow | RefusedRow): void {
    this.#totals.read++;
    const relation: Relation = isRefused(row) ? row : this.#earlier.relationOf(row);
    if (relation === "unchanged" || relation === "withheld") this.#draft[relation]++;
    else if (relation !== "new") this.#draft.refused.push(relation);
    else if (!isRefused(row)) this.#draft.rows.push(row);
  }

  /** Sends what was collected. A chunk with a bad row of which the platform need not be asked is only checked. */
  async flush(last: boolean): Promise<void> {
    const { options, draft, totals } = { options: this.#options, draft: this.#draft, totals: this.#totals };
    if (options.signal?.aborted) throw new Interrupted();
    const store = this.#storing && (options.keepGood || draft.refused.length === 0);
    this.#draft = emptyDraft();
    addTo(totals.refused, draft.refused);
    totals.unchanged += draft.unchanged;
    totals.withheld += draft.withheld;
    this.#storing = await this.#sendDraft(draft, store, last);
  }

  /** Sends a chunk, to be stored or only checked; returns whether later chunks may still be stored. */
  async #sendDraft({ rows }: Draft, store: boolean, last: boolean): Promise<boolean> {
    const { symbol, interval, adjustment, keepGood, force, adjustedAsOf, checkOnly } = this.#options;
    // An import is begun only where something is to be stored.
    const file = checkOnly ? undefined : this.#options.file;
    if (rows.length === 0 && !(file && last)) return store;
    const report = await this.#send({
      symbol,
      interval,
      adjustment,
      ...(adjustedAsOf === undefined ? {} : { adjusted_as_of: adjustedAsOf }),
      ...(file ? { import: { ...file, last } } : {}),
      ...(force ? { force } : {}),
      keep_good: keepGood,
      check_only: checkOnly || !store,
      rows,
    });
    const isStored = store && (keepGood || report.refused.length === 0);
    this.#count(rows, report, isStored);
    return isStored;
  }

  #count(rows: readonly CandleRow[], report: ChunkReport, isStored: boolean): void {
    const totals = this.#totals;
    const { refused, refused_count = refused.length, suspect = [], suspect_count = suspect.length } = report;
    addTo(totals.refused, refused, refused_count);
    addTo(totals.suspect, suspect, suspect_count);
    const bad = new Set(refused.map(({ line }) => line));
    // Where the answer does not list all bad rows, those after the last that it lists may be bad.
    const lastKnown = refused_count > refused.length ? (refused.at(-1)?.line ?? 0) : Number.POSITIVE_INFINITY;
    const good = rows.filter(({ line }) => !bad.has(line) && line <= lastKnown);
    this.#earlier.remember(good, isStored);
    this.#noteFirst(good);
    const accepted = rows.length - refused_count;
    if (!isStored) {
      totals.withheld += accepted;
      return;
    }
    const { stored, replaced, unchanged } = report;
    totals.stored += stored;
    totals.replaced += replaced;
    totals.unchanged += unchanged;
    totals.withheld += accepted - stored - replaced - unchanged;
  }

  #noteFirst(good: readonly CandleRow[]): void {
    for (const row of good) {
      const time = Number(row.time);
      if (!Number.isFinite(time) || (this.#totals.first !== null && time >= this.#totals.first.time)) continue;
      const [open, high, low, close, volume] = [row.open, row.high, row.low, row.close, row.volume].map((cell) => {
        const text = String(cell ?? "").trim();
        return text === "" ? null : Number(text);
      });
      this.#totals.first = { time, open, high, low, close, volume };
    }
  }
}
