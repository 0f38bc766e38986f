/** Random choices, the same for the same seed. */
export interface SeededRandom {
  /** A number in [0, 1). */
  next(): number;
  pick<T>(list: readonly T[]): T;
}

/** Random numbers that are thrown from a seed (mulberry32, T. Ettinger, public domain). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, pick: (list) => list[Math.floor(next() * list.length)] };
}
