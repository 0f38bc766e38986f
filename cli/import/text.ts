import { ItemFailure } from "../platform/failures.ts";
import { isWide, kindOf } from "./kind.ts";

/** The encodings that files are read in, by the names of the Encoding Standard. */
export type TextEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** The first part of a file: enough for its encoding and its delimiter. */
export const HEAD_BYTES = 65_536;

/**
 * The encoding of a file, by its first bytes: by its byte order mark, or, in UTF-16, by the zeros in it. UTF-8 else; whether it is that shows
 * only when the whole is read.
 * @throws ItemFailure where the bytes are of something that is no text of a table
 */
export function encodingOf(head: Buffer): TextEncoding {
  if (head.length === 0) throw new ItemFailure("The file is empty.");
  const kind = kindOf(head);
  if (kind !== null) throw new ItemFailure(`The file is ${kind}, and no table of candles: export it as CSV.`);
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  if (isWide(head, true)) return "utf-16le";
  return isWide(head, false) ? "utf-16be" : "utf-8";
}

/** Bytes that are not of the encoding that a file was taken to be in. */
export class WrongEncoding extends Error {
  override readonly name = "WrongEncoding";
}

/**
 * Decodes a stream of bytes.
 * @throws WrongEncoding where they are not of the encoding
 */
export async function* decoded(bytes: AsyncIterable<Uint8Array>, encoding: TextEncoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: encoding === "utf-8" });
  const decode = (part?: Uint8Array): string => {
    try {
      return part ? decoder.decode(part, { stream: true }) : decoder.decode();
    } catch (error) {
      if (error instanceof TypeError) throw new WrongEncoding();
      throw error;
    }
  };
  for await (const part of bytes) yield decode(part);
  yield decode();
}
