/**
 * Randomness that is a function of its arguments: the same key always returns the same number, on every isolate.
 * Mixing: MurmurHash3's 32-bit finaliser (Austin Appleby, 2011).
 */
export function hash(a: number, b: number): number {
  let h = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A key for a text: FNV-1a, 32 bits (Fowler, Noll, Vo). */
export function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Uniform in [0, 1). */
export function uniform(key: number, salt: number): number {
  return hash(key, salt) / 4294967296;
}

/** Nearly normal, mean 0 and deviation 1: the sum of three uniforms (Irwin–Hall), so never beyond ±3. */
export function jitter(key: number, salt: number): number {
  return 2 * (uniform(key, salt * 3) + uniform(key, salt * 3 + 1) + uniform(key, salt * 3 + 2) - 1.5);
}
