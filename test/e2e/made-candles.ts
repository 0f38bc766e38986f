import { DAY, HOUR, isoTime, MINUTE } from "../../core/time.ts";
import { seededRandom } from "../../tools/seeded-random.ts";

/** Candles that the tests make, in the shape of files whose data may not be in the project. */
const HEADER = "time,open,high,low,close,volume";

const cents = (price: number): string => price.toFixed(2);

/** A walk of prices, the same for the same seed. */
function walk(seed: number, from: number, count: number, step: number): number[] {
  const random = seededRandom(seed);
  let price = from;
  return Array.from({ length: count }, () => {
    price *= 1 + step * (2 * random.next() - 1);
    return price;
  });
}

/** A row whose open is the close before it. */
const row = (time: number, open: number, close: number, volume: string): string =>
  [
    isoTime(time),
    cents(open),
    cents(Math.max(open, close) * 1.001),
    cents(Math.min(open, close) * 0.999),
    cents(close),
    volume,
  ].join();

/** Minutes without a gap, from a price of 600. */
export function madeMinutes(count: number): string {
  const start = Date.UTC(2026, 0, 5) / 1000;
  const closes = walk(1, 600, count, 0.0005);
  const rows = closes.map((close, i) => row(start + i * MINUTE, closes[i - 1] ?? 600, close, `${(i % 97) / 8 + 1}`));
  return [HEADER, ...rows, ""].join("\n");
}

/** Closes alone of a share in cents, of which one day, 2022-06-14, is in rand. */
export function madeCloses(): string {
  const glitch = Date.UTC(2022, 5, 14) / 1000;
  const start = glitch - 700 * DAY;
  const days = Array.from({ length: 1_000 }, (_, i) => start + i * DAY).filter((time) => {
    const weekday = new Date(time * 1000).getUTCDay();
    return weekday !== 0 && weekday !== 6;
  });
  const closes = walk(2, 170_000, days.length, 0.01);
  const rows = days.map((time, i) =>
    [isoTime(time), "", "", "", cents(closes[i] / (time === glitch ? 100 : 1)), ""].join(),
  );
  return [HEADER, ...rows, ""].join("\n");
}

/** Hours whose first open and high are far off, and whose last four rows come twice. */
export function madeHours(): string {
  const start = Date.UTC(2017, 7, 17, 4) / 1000;
  const closes = walk(3, 4_300, 1_096, 0.01);
  const rows = closes.map((close, i) => row(start + i * HOUR, closes[i - 1] ?? 4_300, close, `${(i % 89) + 0.25}`));
  rows[0] = [isoTime(start), "16000.5", "16000.5", cents(closes[0] * 0.99), cents(closes[0]), "47.25"].join();
  return [HEADER, ...rows, ...rows.slice(-4), ""].join("\n");
}
