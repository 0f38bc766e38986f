/** How files begin that are saved in place of a table. */
const BEGINNINGS: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^\s*(?:<!doctype html|<html|<head|<body|<script)/i, "a web page"],
  [/^\s*<\?xml/i, "XML"],
  [/^\s*\{|^\s*\[\s*(?:\[|\{|$)/, "JSON"],
  [/^%PDF/, "a PDF document"],
  [/^PAR1/, "a Parquet file"],
  [/^SQLite format 3/, "a database"],
  [/^ÐÏ.à/s, "a spreadsheet of an older Excel"],
  [/^(?:Rar!|7z¼¯|ý7zXZ|BZh|\(µ\/ý)/, "an archive of a kind that is not read (.zip and .gz are)"],
];

/** Whether most of the bytes at even or at odd places are 0, as in UTF-16. */
export function isWide(head: Buffer, odd: boolean): boolean {
  const bytes = head.subarray(0, 512).filter((_, i) => (i % 2 === 1) === odd);
  return bytes.length > 4 && bytes.filter((byte) => byte === 0).length > bytes.length * 0.7;
}

/**
 * What a file is that is no table of text; null where it may be one.
 * @param head its first bytes
 */
export function kindOf(head: Buffer): string | null {
  const text = head.toString("latin1").replace(/^\xef\xbb\xbf/, "");
  const known = BEGINNINGS.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  const hasMark = /^(?:\xff\xfe|\xfe\xff)/.test(text);
  const isText = hasMark || isWide(head, true) !== isWide(head, false);
  return head.includes(0) && !isText ? "a binary file" : null;
}
