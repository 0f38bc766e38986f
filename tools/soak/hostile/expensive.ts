import type { SeededRandom } from "../../seeded-random.ts";

/** As many as one question may name, with the longest history that each takes. */
export const EXPENSIVE_SPECS: readonly string[] = [
  ...["RSI:1000", "EMA:999", "DEMA:998", "TEMA:997", "HMA:996", "WMA:995", "ADX:994", "ATR:993", "NATR:992", "CCI:991"],
  ...["TRIX:990", "MFI:989", "CMF:988", "AROON:987", "STDDEV:986", "DONCHIAN:985", "VWAP:month", "ICHIMOKU"],
  ...["SUPERTREND:984:3", "BOLLINGER:983:2"],
];

const MINUTE = 60;
/** Bars of a minute that one confirmation may hold, nearly. */
export const MAX_HISTORY_BARS = 4_990;

/** The opening of the bar of a minute that many bars ago, unix seconds. */
export const minutesAgo = (bars: number): number => (Math.floor(Date.now() / 1000 / MINUTE) - bars) * MINUTE;

/** Where a client of bars claims to be: that many bars of a minute ago, in all of these symbols. */
export const sinceMinutesAgo = (symbols: readonly string[], bars: number): Record<string, { time: number }> =>
  Object.fromEntries(symbols.map((symbol) => [symbol, { time: minutesAgo(bars) }]));

/** A message that asks for candles of a minute, with that many missed bars of each symbol. */
export const historyMessage = (symbols: readonly string[], bars: number): string =>
  JSON.stringify({
    ...{ action: "subscribe", symbols, channel: "candles", interval: "1m" },
    since: sinceMinutesAgo(symbols, bars),
  });

/** That many of a list, each once. */
export function someOf<T>(random: SeededRandom, list: readonly T[], count: number): T[] {
  const chosen = new Set<T>();
  while (chosen.size < Math.min(count, list.length)) chosen.add(random.pick(list));
  return [...chosen];
}
