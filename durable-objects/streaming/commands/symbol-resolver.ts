import type { ProblemCode } from "../../../contracts/problem.ts";
import { type Instrument, instrumentOf } from "../../../contracts/symbol.ts";
import { normaliseSymbol } from "../../../core/symbol.ts";
import { shownText } from "../../../core/words.ts";
import { openReplica } from "../../../storage/database.ts";
import { MemoryCache } from "../../../storage/memory-cache.ts";
import { type Resolution, resolveSymbols } from "../../../storage/registry/resolve.ts";
import { suggestSymbols } from "../../../storage/registry/suggestions.ts";

/** Why a symbol cannot be listened to. */
export interface Rejection {
  code: ProblemCode;
  detail: string;
  /** The nearest symbols to one that is unknown. */
  suggestions?: string[];
  /** Seconds after which it may be asked for again; for rate_limit.exceeded. */
  retry_after?: number;
}

/** What the names that a client writes stand for. */
export type SymbolResolver = (names: readonly string[]) => Promise<Map<string, Instrument | Rejection>>;

const MAX_SHOWN_CHARACTERS = 40;
const shown = (text: string): string => shownText(text, MAX_SHOWN_CHARACTERS);

function meaningOf(name: string, resolution: Resolution | undefined): Instrument | Rejection {
  if (resolution?.kind === "ambiguous") {
    const detail = `${shown(name)} is ambiguous: ${resolution.candidates.join(", ")}. Use one of these.`;
    return { code: "symbol.ambiguous", detail };
  }
  if (resolution?.kind !== "found") {
    const detail = `${shown(name)} is not a symbol of the registry. Find symbols with /symbols?search=.`;
    return { code: "symbol.not_found", detail };
  }
  const { record } = resolution;
  if (record.is_active) return instrumentOf(record);
  return { code: "symbol.inactive", detail: `${record.symbol} is retired: it has no stream any more.` };
}

/** Unknown names of one question for which the nearest symbols are looked up. */
const MAX_SUGGESTED_FOR = 10;

function withSuggestions(name: string, suggestions: string[]): Rejection {
  const hint =
    suggestions.length > 0 ? `Did you mean ${suggestions.join(", ")}?` : "Find symbols with /symbols?search=.";
  return { code: "symbol.not_found", detail: `${shown(name)} is not a symbol of the registry. ${hint}`, suggestions };
}

/** For this long, and for this many names, the registry is not asked again: after a restart all sockets come back at once. */
const CACHED_MS = 2_000;
const MAX_CACHED = 1_000;

/** The registry, for sockets that may carry any symbol. */
export function registryResolver(database: D1Database): SymbolResolver {
  const cached = new MemoryCache<Instrument>(CACHED_MS, MAX_CACHED);
  /** Names that the registry is being asked for; sockets that come at once share the answer. */
  const running = new Map<string, Promise<Map<string, Instrument | Rejection>>>();

  const look = async (names: readonly string[]): Promise<Map<string, Instrument | Rejection>> => {
    const registry = openReplica(database);
    const found = await resolveSymbols(registry, names);
    const meanings = new Map(names.map((name) => [name, meaningOf(name, found.get(name))]));
    const unknown = names.filter((name) => found.get(name)?.kind === "not_found").slice(0, MAX_SUGGESTED_FOR);
    await Promise.all(
      unknown.map(async (name) => meanings.set(name, withSuggestions(name, await suggestSymbols(registry, name)))),
    );
    for (const [name, meaning] of meanings) if (!("code" in meaning)) cached.set(name, meaning);
    return meanings;
  };

  return async (names) => {
    const meanings = new Map<string, Instrument | Rejection>();
    for (const name of names) {
      const instrument = cached.get(name);
      if (instrument) meanings.set(name, instrument);
    }
    const unknown = names.filter((name) => !meanings.has(name));
    const unasked = unknown.filter((name) => !running.has(name));
    if (unasked.length > 0) {
      const answer = look(unasked).finally(() => {
        for (const name of unasked) running.delete(name);
      });
      for (const name of unasked) running.set(name, answer);
    }
    const answers = unknown.map(async (name) => ({ name, looked: await running.get(name) }));
    for (const { name, looked } of await Promise.all(answers)) {
      meanings.set(name, looked?.get(name) ?? meaningOf(name, undefined));
    }
    return meanings;
  };
}

/** The one symbol of a room's own sockets; its aliases are known by the time that a socket opens. */
export function singleSymbolResolver(instrument: () => Instrument | null): SymbolResolver {
  return async (names) => {
    const own = instrument();
    const detail = `This socket carries ${own?.symbol ?? "another symbol"} alone. Open /ws for several symbols.`;
    const elsewhere: Rejection = { code: "stream.elsewhere", detail };
    return new Map(names.map((name) => [name, own !== null && normaliseSymbol(name) === own.symbol ? own : elsewhere]));
  };
}
