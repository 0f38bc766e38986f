import type { HeapUse } from "./heap.ts";

/** What a process and the Worker's heap in it use, in bytes. */
export interface MemoryUse extends HeapUse {
  /** null where the system does not say. */
  resident: number | null;
}

/** What a turn has left behind after the warm-up. */
export interface Growth {
  name: string;
  requests: number;
  /** Answers by status; of sockets, how they ended. */
  answers: Record<string, number>;
  values_kb: number;
  runtime_objects_kb: number;
  resident_mb: number | null;
}

/** Adds up, by turn, what is in use after it and was not before. */
export interface MemoryLedger {
  /** Takes note of a turn's answers. */
  recordResponse(name: string, answer: string): void;
  /** Takes note of what a turn has left behind. */
  recordGrowth(name: string, before: MemoryUse, after: MemoryUse): void;
  /** The turns, those first that have left most behind. */
  table(): Growth[];
}

const MB = 2 ** 20;
const KB = 2 ** 10;

interface Entry {
  answers: Map<string, number>;
  values: number;
  runtimeObjects: number;
  resident: number | null;
}

/** Bytes as megabytes, to a hundredth. */
export const megabytes = (bytes: number): number => Math.round((bytes / MB) * 100) / 100;

const kilobytes = (bytes: number): number => Math.round(bytes / KB);

/** By how much the resident memory has grown; null where the system does not say. */
export const residentGrowth = (before: MemoryUse, after: MemoryUse): number | null =>
  before.resident === null || after.resident === null ? null : after.resident - before.resident;

const newEntry = (): Entry => ({ answers: new Map(), values: 0, runtimeObjects: 0, resident: 0 });

/** Opens a ledger of the turns that are to be taken. */
export function createMemoryLedger(names: readonly string[]): MemoryLedger {
  const entries = new Map<string, Entry>(names.map((name) => [name, newEntry()]));
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`${name} is none of the turns`);
    return entry;
  };
  return {
    recordResponse(name, answer) {
      const { answers } = entryOf(name);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    },
    recordGrowth(name, before, after) {
      const entry = entryOf(name);
      const resident = residentGrowth(before, after);
      entry.values += after.values - before.values;
      entry.runtimeObjects += after.runtimeObjects - before.runtimeObjects;
      entry.resident = resident === null || entry.resident === null ? null : entry.resident + resident;
    },
    table() {
      const rows = [...entries].map(([name, { answers, values, runtimeObjects, resident }]) => ({
        name,
        requests: [...answers.values()].reduce((sum, count) => sum + count, 0),
        answers: Object.fromEntries([...answers].sort(([a], [b]) => a.localeCompare(b))),
        values_kb: kilobytes(values),
        runtime_objects_kb: kilobytes(runtimeObjects),
        resident_mb: resident === null ? null : megabytes(resident),
      }));
      return rows.sort(
        (a, b) => (b.resident_mb ?? 0) - (a.resident_mb ?? 0) || b.runtime_objects_kb - a.runtime_objects_kb,
      );
    },
  };
}
