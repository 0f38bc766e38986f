import type { ProblemCode } from "../../contracts/problem.ts";
import { type Instrument, instrumentOf } from "../../contracts/symbol.ts";
import { normaliseSymbol } from "../../core/symbol.ts";
import { readRegistry } from "../../storage/registry/database.ts";
import { type Resolution, resolveSymbols } from "../../storage/registry/resolve.ts";

/** Why a symbol cannot be listened to. */
export interface Refusal {
  code: ProblemCode;
  detail: string;
}

/** What the names that a client writes stand for. */
export type SymbolBook = (names: readonly string[]) => Promise<Map<string, Instrument | Refusal>>;

const LONGEST_SHOWN = 40;
const shown = (text: string): string => (text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);

function meaningOf(name: string, resolution: Resolution | undefined): Instrument | Refusal {
  if (resolution?.kind === "ambiguous") {
    const detail = `${shown(name)} stands for ${resolution.candidates.join(", ")}. Ask for one of them.`;
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

/** The registry, for sockets that may carry any symbol. */
export function registryBook(database: D1Database): SymbolBook {
  return async (names) => {
    const found = await resolveSymbols(readRegistry(database), names);
    return new Map(names.map((name) => [name, meaningOf(name, found.get(name))]));
  };
}

/** The one symbol of a room's own sockets; its aliases are known by the time that a socket opens. */
export function singleBook(instrument: () => Instrument | null): SymbolBook {
  return async (names) => {
    const own = instrument();
    const detail = `This socket carries ${own?.symbol ?? "another symbol"} alone. Open /ws for several symbols.`;
    const elsewhere: Refusal = { code: "stream.elsewhere", detail };
    return new Map(names.map((name) => [name, own !== null && normaliseSymbol(name) === own.symbol ? own : elsewhere]));
  };
}
