import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { seededRandom } from "../../tools/seeded-random.ts";

const MINUTE = 60;
/** The first minute after the made ones, unix seconds. */
const END = Date.UTC(2026, 10, 1) / 1000;
const ROWS_AT_ONCE = 10_000;

/** Made candles of one minute each, oldest first: a price that walks at random. The same number of rows is always the same. */
export function* madeMinutes(count: number): Generator<[time: number, ...numbers: number[]]> {
  const random = seededRandom(1);
  let price = 30_000;
  for (let i = 0; i < count; i++) {
    const open = price;
    price = Math.max(1_000, price * (1 + (random.next() - 0.5) * 0.001));
    const high = Math.max(open, price) * (1 + random.next() * 0.0003) + 0.01;
    const low = Math.min(open, price) * (1 - random.next() * 0.0003) - 0.01;
    const numbers = [open, high, low, price].map((value) => Number(value.toFixed(2)));
    yield [END - (count - i) * MINUTE, ...numbers, Number((random.next() * 20).toFixed(5))];
  }
}

/** Writes them into a file. */
export async function writeMinutes(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  file.write("time,open,high,low,close,volume\n");
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    if (!file.write(lines.join(""))) await once(file, "drain");
    lines = [];
  };
  for (const row of madeMinutes(count)) {
    lines.push(`${row.join(",")}\n`);
    if (lines.length >= ROWS_AT_ONCE) await flush();
  }
  await flush();
  file.end();
  await once(file, "finish");
}
