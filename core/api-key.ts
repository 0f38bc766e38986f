/** Lower-case letters and digits that are not mistaken for one another (RFC 4648, section 6): 32 of them, five bits each. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

const PREFIX_LENGTH = 8;
const SECRET_LENGTH = 32;

/** Random bytes that a key is made of. */
export const KEY_BYTES = PREFIX_LENGTH + SECRET_LENGTH;

const KEY_FORM = `wz_([a-z2-7]{${PREFIX_LENGTH}})_[a-z2-7]{${SECRET_LENGTH}}`;
const KEY_PATTERN = new RegExp(`^${KEY_FORM}$`);
/** Also in capitals: what only looks like a key is not repeated either. */
const EMBEDDED_KEYS = new RegExp(KEY_FORM, "gi");

/**
 * A key of random bytes, `wz_<prefix>_<secret>`: 160 secret bits, of characters that headers take as tokens (RFC 9110,
 * section 5.6.2).
 * @param bytes `KEY_BYTES` of them
 */
export function formatKey(bytes: Uint8Array): { key: string; prefix: string } {
  const text = Array.from(bytes.subarray(0, KEY_BYTES), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
  const prefix = text.slice(0, PREFIX_LENGTH);
  return { key: `wz_${prefix}_${text.slice(PREFIX_LENGTH)}`, prefix };
}

/** The public part of a key, or null for a text that has not the form of one. */
export function prefixOfKey(text: string): string | null {
  return KEY_PATTERN.exec(text)?.[1] ?? null;
}

/** Whether a text holds something of a key's form. */
export function containsKey(text: string): boolean {
  return text.search(EMBEDDED_KEYS) >= 0;
}

/** A text without the secret part of any key that it holds. */
export function redactKeys(text: string): string {
  return text.includes("z_") || text.includes("Z_") ? text.replace(EMBEDDED_KEYS, "wz_$1_…") : text;
}
