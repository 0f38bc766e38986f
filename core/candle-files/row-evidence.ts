import { PRICE_FIELDS } from "../candles.ts";
import type { Field } from "./columns.ts";
import { at, type Shown } from "./evidence.ts";
import { plainNumber } from "./numbers.ts";
import { CandleFileError } from "./types.ts";

/** One spelling of a symbol: `BTC/USDT` and `BTCUSDT` are one. */
const bareSymbol = (cell: string): string => cell.replace(/[^\p{L}\p{N}]/gu, "").toUpperCase();

/** Whether all rows of a file are of one symbol, where a column says of which they are. */
export class SymbolEvidence {
  #first: Shown | null = null;
  #other: Shown | null = null;

  see(line: number, cell: string): void {
    if (this.#other !== null || cell === this.#first?.cell) return;
    const symbol = bareSymbol(cell);
    if (symbol === "") return;
    this.#first ??= { line, cell };
    if (symbol !== bareSymbol(this.#first.cell)) this.#other = { line, cell };
  }

  /** @throws CandleFileError where rows are of different symbols: they are no one's series */
  finish(): void {
    if (!this.#first || !this.#other) return;
    throw new CandleFileError(
      `The file has rows of several symbols, ${at(this.#first)} and ${at(this.#other)}: make a file of each. Where they are two names of one instrument, take that column out.`,
    );
  }
}

/** The part of the rows that may contradict the usual order of columns; they are refused one by one. */
const MAX_PART = 0.2;

/** What the rows of a file that names no columns show of their order. */
export class OrderEvidence {
  #rows = 0;
  #contradictions = 0;
  /** Rows whose volume is a price of their candle, and those whose volume is 0. */
  #priced = 0;
  #zeros = 0;

  see(cellOf: (field: Field) => string): void {
    const numberOf = (field: Field): number => Number(plainNumber(cellOf(field), ".") ?? Number.NaN);
    const [open, high, low, close] = PRICE_FIELDS.map(numberOf);
    const volume = numberOf("volume");
    this.#rows++;
    if (high < low || high < open || high < close || low > open || low > close) this.#contradictions++;
    if (volume === 0) this.#zeros++;
    else if (volume >= low && volume <= high) this.#priced++;
  }

  /**
   * @param hasMore whether there are columns after those that were taken to be the usual ones
   * @throws CandleFileError where the usual order does not fit
   */
  finish(hasMore: boolean): void {
    if (this.#contradictions > this.#rows * MAX_PART) {
      throw new CandleFileError(
        "No line names the columns, and in the usual order (time, open, high, low, close, volume) highs are below lows: number them, as --map time=1,open=2,high=3,low=4,close=5.",
      );
    }
    if (hasMore && this.#priced > 0 && this.#priced + this.#zeros === this.#rows) {
      throw new CandleFileError(
        "No line names the columns, and column 6 lies between low and high in every row, as an average price does and a volume does not: number them, as --map time=1,open=2,high=3,low=4,close=5,volume=7.",
      );
    }
  }
}
