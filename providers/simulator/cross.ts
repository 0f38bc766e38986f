import type { Cross } from "./stretch.ts";

/** What a cross costs, in ticks: never less than one. */
export interface CrossPrices {
  open: number;
  close: number;
  /** The most and the least that it can cost while its legs are anywhere within their own ranges. */
  high: number;
  low: number;
}

const ticks = (price: number): number => Math.max(1, Math.round(price));

/** The prices of a cross while its legs do what they do. */
export function crossPrices({ scale, legs }: Cross): CrossPrices {
  let open = scale;
  let close = scale;
  let high = scale;
  let low = scale;
  for (const { stretch, scale: unit, power } of legs) {
    if (power === 1) {
      open *= stretch.open / unit;
      close *= stretch.close / unit;
      high *= stretch.high / unit;
      low *= stretch.low / unit;
    } else {
      open /= stretch.open / unit;
      close /= stretch.close / unit;
      high /= stretch.low / unit;
      low /= stretch.high / unit;
    }
  }
  return { open: ticks(open), close: ticks(close), high: ticks(high), low: ticks(low) };
}
