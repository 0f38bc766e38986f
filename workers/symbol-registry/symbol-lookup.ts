import { ApiError } from "../../contracts/problem.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { shownText } from "../../core/words.ts";
import { logWarning } from "../../observability/log.ts";
import { openReplica } from "../../storage/database.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { asUnreachable } from "../../storage/registry/failures.ts";
import { type Resolution, resolveSymbols } from "../../storage/registry/resolve.ts";
import type { SymbolPage } from "../../storage/registry/search.ts";
import { suggestSymbols } from "../../storage/registry/suggestions.ts";

/** Meanings of symbols that this isolate has looked up in the last two seconds. */
const resolutions = new MemoryCache<Resolution>(2_000, 5_000, 250);

/** The same of the last hour, for while the registry is out of reach: symbols change seldom, and an old row beats none. */
const lastResolutions = new MemoryCache<Resolution>(3_600_000, 5_000);

/** Rows of all pages that are remembered: a page may hold a thousand, of more than a kilobyte each. */
const MAX_CACHED_ROWS = 5_000;

/** Pages of symbols that this isolate has read in the last two seconds. */
const pages = new MemoryCache<SymbolPage>(2_000, MAX_CACHED_ROWS, 250);

/** Forgets what this isolate knows of symbols, after it has changed one. */
export function clearSymbols(): void {
  resolutions.clear();
  lastResolutions.clear();
  pages.clear();
}

/**
 * A page of symbols, from memory where the same was asked a moment ago.
 * @param key names the question; null where the caller wants what the registry holds now
 */
export async function cachedPage(key: string | null, read: () => Promise<SymbolPage>): Promise<SymbolPage> {
  const cached = key === null ? undefined : pages.get(key);
  if (cached) return cached;
  const page = await read();
  if (key !== null) pages.set(key, page, 1 + page.records.length);
  return page;
}

/** What each text stands for. A symbol that is unknown is looked for again each time: it may just have been added. */
export async function resolveAll(env: Env, texts: readonly string[]): Promise<Map<string, Resolution>> {
  const found = new Map<string, Resolution>();
  const missing: string[] = [];
  for (const text of texts) {
    const cached = resolutions.get(text);
    if (cached) found.set(text, cached);
    else missing.push(text);
  }
  if (missing.length === 0) return found;
  for (const [text, meaning] of await resolveAndCache(env, missing)) found.set(text, meaning);
  return found;
}

/** Looks symbols up, and remembers what they stand for. */
async function resolveAndCache(env: Env, texts: readonly string[]): Promise<Map<string, Resolution>> {
  const found = await queryResolutions(env, texts);
  for (const [text, meaning] of found) if (meaning.kind !== "not_found") resolutions.set(text, meaning);
  return found;
}

/** Looks symbols up in the registry; where it is out of reach and all of them were known lately, they are what they were. */
async function queryResolutions(env: Env, texts: readonly string[]): Promise<Map<string, Resolution>> {
  try {
    const found = await resolveSymbols(openReplica(env.DB), texts);
    for (const [text, meaning] of found) if (meaning.kind !== "not_found") lastResolutions.set(text, meaning);
    return found;
  } catch (error) {
    const unreachable = asUnreachable(error);
    const cached = new Map<string, Resolution>();
    for (const text of texts) {
      const meaning = lastResolutions.get(text);
      if (meaning) cached.set(text, meaning);
    }
    if (!unreachable || cached.size < texts.length) throw error;
    logWarning("the registry is out of reach; symbols are taken from memory", { cause: unreachable.message });
    return cached;
  }
}

/** The longest part of a caller's input that an error repeats. */
const shown = (text: string): string => shownText(text, 40);

/** The record that a meaning stands for, or the problem that it is. */
export async function requireRecord(env: Env, text: string, resolution: Resolution | undefined): Promise<SymbolRecord> {
  if (resolution?.kind === "found") return resolution.record;
  if (resolution?.kind === "ambiguous") {
    const { candidates } = resolution;
    throw new ApiError("symbol.ambiguous", `${shown(text)} is ambiguous: ${candidates.join(", ")}. Use one of these.`, {
      extensions: { candidates },
    });
  }
  const suggestions = await suggestSymbols(openReplica(env.DB), text);
  const hint =
    suggestions.length > 0 ? ` Did you mean ${suggestions.join(", ")}?` : " Find symbols with /symbols?search=.";
  throw new ApiError("symbol.not_found", `${shown(text)} is not a symbol of the registry.${hint}`, {
    extensions: { suggestions },
  });
}

/**
 * The record of a symbol or an alias; at once where this isolate remembers it.
 * @throws ApiError symbol.not_found with suggestions, or symbol.ambiguous with candidates
 */
export function requireSymbol(env: Env, text: string): SymbolRecord | Promise<SymbolRecord> {
  const cached = resolutions.get(text);
  if (cached?.kind === "found") return cached.record;
  return cached ? requireRecord(env, text, cached) : resolveSymbol(env, text);
}

async function resolveSymbol(env: Env, text: string): Promise<SymbolRecord> {
  return requireRecord(env, text, (await resolveAndCache(env, [text])).get(text));
}

/** @throws ApiError symbol.inactive where the symbol is retired */
export function requireActive(record: SymbolRecord): void {
  if (record.is_active) return;
  throw new ApiError(
    "symbol.inactive",
    `${record.symbol} is retired: it has no quotes any more. Its history is at /ohlcv/${record.symbol}.`,
  );
}
