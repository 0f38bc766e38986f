import type { Span } from "./spans.ts";

/** Why a candle that one could look for is not there. */
export const MISSING_REASONS = [
  "closed",
  "no_trades",
  "gap",
  "suspect",
  "not_ingested",
  "adjustment",
  "partial",
  "before_listing",
] as const;

export type MissingReason = (typeof MISSING_REASONS)[number];

/** A stretch without candles, `[from, to)` in unix seconds. */
export interface Missing {
  from: number;
  to: number;
  reason: MissingReason;
}

/** Collects stretches, joining those that touch or are only parted by a closure. */
export class MissingList {
  readonly list: Missing[] = [];
  readonly #unfit: readonly Span[];
  #joinable = false;

  /** @param unfit stretches in which candles are left out because their prices do not fit */
  constructor(unfit: readonly Span[]) {
    this.#unfit = unfit;
  }

  /** A stretch in which there is no candle: in a stretch whose prices do not fit it is left out for that. */
  addGap(from: number, to: number): void {
    let start = from;
    for (const span of this.#unfit) {
      if (span.to <= start || span.from >= to) continue;
      this.add(start, span.from, "gap");
      this.add(Math.max(start, span.from), Math.min(to, span.to), "adjustment");
      start = Math.max(start, span.to);
    }
    this.add(start, to, "gap");
  }

  add(from: number, to: number, reason: MissingReason): void {
    if (to <= from) return;
    const last = this.list.at(-1);
    if (last && last.reason === reason && (last.to >= from || this.#joinable)) last.to = to;
    else this.list.push({ from, to, reason });
    this.#joinable = true;
  }

  /** A candle that is there ends the stretch before it. */
  interrupt(): void {
    this.#joinable = false;
  }
}

/** Stamps of candles that are returned, or are held back for a reason, and how many of them were passed. */
interface HeldBackList {
  times: ArrayLike<number>;
  heldBack: MissingReason | null;
  next: number;
}

/** The candles of a page by what became of them; stamps ascend. */
interface KnownCandles {
  times: ArrayLike<number>;
  suspects: readonly number[];
  partial?: readonly number[];
}

/** The candles that there are, returned or held back, by time. */
export class CandleCursor {
  readonly #lists: HeldBackList[];

  constructor({ times, suspects, partial = [] }: KnownCandles) {
    this.#lists = [
      { times, heldBack: null, next: 0 },
      { times: suspects, heldBack: "suspect", next: 0 },
      { times: partial, heldBack: "partial", next: 0 },
    ];
  }

  /** Takes the next candle stamped within `[from, to)`, passing over earlier ones; null where there is none. */
  next(from: number, to: number): { time: number; heldBack: MissingReason | null } | null {
    let found: HeldBackList | null = null;
    let first = to;
    for (const list of this.#lists) {
      while (list.next < list.times.length && list.times[list.next] < from) list.next++;
      const time = list.next < list.times.length ? list.times[list.next] : Number.POSITIVE_INFINITY;
      if (time >= first) continue;
      first = time;
      found = list;
    }
    if (!found) return null;
    found.next++;
    return { time: first, heldBack: found.heldBack };
  }
}
