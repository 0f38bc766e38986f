import { type Readable, Transform } from "node:stream";

/** A text of candles: a file, or what a gzip file or an entry of a zip archive holds. It can be read as often as needed. */
export interface CandleSource {
  /** As the caller wrote it; of one of several entries of an archive, with the archive's before it. */
  path: string;
  /** The names that may say symbol and interval, the likelier one first. */
  names: readonly string[];
  /** Bytes of the disk that reading it takes. */
  size: number;
  /** Reads it once, uncompressed. `progress` is called with the bytes of the disk that have been read. */
  read(progress: (bytes: number) => void): Promise<Readable>;
}

/** Counts the bytes that pass. */
export function counter(progress: (bytes: number) => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(part: Buffer, _, done) {
      bytes += part.length;
      progress(bytes);
      done(null, part);
    },
  });
}

/** Passes a stream through another one. A failure of the first ends the second; where the second is given up, so is the first. */
export function piped(first: Readable, second: Transform): Transform {
  first.on("error", (error) => second.destroy(error));
  second.on("close", () => first.destroy());
  return first.pipe(second);
}
