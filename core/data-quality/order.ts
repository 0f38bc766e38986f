import { NUMBER_FIELDS } from "../candles.ts";
import { isoTime, isTime } from "../time.ts";
import type { Batch, ReportFinding } from "./finding.ts";

/** The rows of a batch by time: one per stamp, and which stamps came more than once. */
export interface TimeLine {
  /** Row of each stamp's first copy, ascending in time. */
  rows: number[];
  /** Rows of all copies, for stamps that came more than once. */
  copies: Map<number, number[]>;
}

/** Sorts a batch by time and flags the rows that are doubled, that contradict each other, or that stand out of order. */
export function checkOrder(batch: Batch, report: ReportFinding): TimeLine {
  const { time, length } = batch.candles;
  const byTime = new Map<number, number[]>();
  for (let i = 0; i < length; i++) {
    if (!isTime(time[i])) {
      report(i, "impossible", "its time is no time");
      continue;
    }
    const copies = byTime.get(time[i]);
    if (copies) copies.push(i);
    else byTime.set(time[i], [i]);
  }
  const firsts = [...byTime.values()].map(([first]) => first);
  const inOrder = longestAscending(firsts.map((row) => time[row]));
  firsts.forEach((row, i) => {
    if (!inOrder.has(i))
      report(row, "out_of_order", `${isoTime(time[row])} does not fit between its neighbours in time`);
  });
  const copies = new Map([...byTime].filter(([, rows]) => rows.length > 1));
  for (const rows of copies.values()) reportCopies(batch, rows, report);
  return { rows: firsts.sort((a, b) => time[a] - time[b]), copies };
}

function reportCopies({ candles }: Batch, rows: readonly number[], report: ReportFinding): void {
  const [first, ...others] = rows;
  const same = others.every((row) =>
    NUMBER_FIELDS.every((field) => Object.is(candles[field][row], candles[field][first])),
  );
  if (same) {
    for (const row of others) report(row, "duplicate", `says again what row ${first} said`);
    return;
  }
  for (const row of rows) {
    const rest = rows.filter((other) => other !== row).join(", ");
    report(row, "conflict", `has the time of row ${rest} but other numbers`);
  }
}

/**
 * The places of a longest strictly ascending subsequence: what is left when as few values as possible are taken out. One
 * stray stamp is then one finding, however far off it is.
 * C. Schensted, "Longest Increasing and Decreasing Subsequences", Canadian Journal of Mathematics 13 (1961), 179–191.
 */
function longestAscending(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const before = new Int32Array(values.length).fill(-1);
  values.forEach((value, i) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[tails[middle]] < value) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before[i] = tails[low - 1];
    tails[low] = i;
  });
  const kept = new Set<number>();
  for (let i = tails.at(-1) ?? -1; i >= 0; i = before[i]) kept.add(i);
  return kept;
}
