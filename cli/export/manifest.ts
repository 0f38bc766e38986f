import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { INTERVALS } from "../../core/interval.ts";
import { CommandFailure, systemReason } from "../platform/failures.ts";
import { EXPORT_FORMATS } from "./options.ts";

const MANIFEST = "manifest.json";
const VERSION = 1;

const span = z.looseObject({ from: z.string(), to: z.string() });

/** A file of the folder and what is in it. */
const EntrySchema = z.looseObject({
  file: z.string(),
  symbol: z.string(),
  interval: z.enum(INTERVALS),
  format: z.enum(EXPORT_FORMATS),
  rows: z.number(),
  /** The stamps of the first and the last candle; null of a file without any. */
  first: z.string().nullable(),
  last: z.string().nullable(),
  /** The stretch that was asked for, half-open. */
  asked: span,
  provider: z.string().nullable(),
  simulated: z.boolean(),
  adjustment: z.string(),
  construction: z.string(),
  currency: z.string().nullable(),
  price_unit: z.string().nullable(),
  volume_unit: z.string().nullable(),
  segments: z.array(span),
  missing: z.array(span),
  missing_count: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  exported_at: z.string(),
});

export type ManifestEntry = z.infer<typeof EntrySchema>;

const ManifestSchema = z.looseObject({
  version: z.literal(VERSION),
  platform: z.string(),
  files: z.array(EntrySchema),
});

/** The entries of a folder's manifest; none where it has none. */
function entriesOf(folder: string): ManifestEntry[] {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return [];
  try {
    return ManifestSchema.parse(JSON.parse(readFileSync(path, "utf8"))).files;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new CommandFailure(`${path} is no manifest of an export: name another folder with --out, or move it away.`);
  }
}

/**
 * Checks that a folder can have a manifest, before anything is written.
 * @throws CommandFailure where its manifest is none of ours
 */
export const checkManifest = (folder: string): void => {
  entriesOf(folder);
};

/** Adds entries to a folder's manifest, in place of those of the same files. It is replaced in one step. */
export function saveManifest(folder: string, platform: string, entries: readonly ManifestEntry[]): void {
  const written = new Set(entries.map(({ file }) => file));
  const files = [...entriesOf(folder).filter(({ file }) => !written.has(file)), ...entries];
  files.sort((a, b) => (a.file < b.file ? -1 : 1));
  const path = join(folder, MANIFEST);
  try {
    writeFileSync(`${path}.part`, `${JSON.stringify({ version: VERSION, platform, files }, null, 2)}\n`);
    renameSync(`${path}.part`, path);
  } catch (error) {
    throw new CommandFailure(`${path} cannot be written: ${systemReason(error)}.`);
  }
}
