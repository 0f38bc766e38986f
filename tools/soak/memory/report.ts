import { type Growth, type MemoryUse, megabytes } from "./growth.ts";

/** By how much (MB) the process may grow after the warm-up, and its heap, of which all garbage is collected. */
const RESIDENT_MB = 100;
const VALUES_MB = 25;
/** A request that is kept takes 480 bytes of the runtime's objects: these 30 are a few for each Durable Object that wakes. */
const RUNTIME_OBJECT_BYTES_PER_REQUEST = 30;
const MIN_RUNTIME_OBJECTS_MB = 0.2;
/** Of fewer requests a tenth warms nothing up: then the process's size is reported and not checked. */
const MIN_CHECKED_REQUESTS = 20_000;

/** How much is done in all, and from which seed. */
export interface Amounts {
  requests: number;
  sockets: number;
  imports: number;
  seed: number;
}

interface Figures {
  after_warm_up: number;
  at_the_end: number;
  growth: number;
  /** null where it is not checked. */
  allowed: number | null;
}

/** What came of it. */
export interface MemoryReport extends Amounts {
  /** Of the Worker's heap, in which its objects live, too. */
  values_mb: Figures;
  runtime_objects_mb: Figures;
  /** Of the process; null where the system does not say. */
  resident_mb: Figures | null;
  /** Streams that objects still hold after all were closed. */
  held: { connections: number; active_subscriptions: number };
  /** What was in use after each round; the first is the warm-up. */
  rounds: { values_mb: number; resident_mb: number | null }[];
  /** What each turn has left behind after the warm-up; the first have left most. */
  turns: Growth[];
  violations: string[];
}

const runtimeObjectsAllowed = (requests: number): number =>
  Math.max(MIN_RUNTIME_OBJECTS_MB, megabytes(requests * RUNTIME_OBJECT_BYTES_PER_REQUEST));

const figures = (before: number, after: number, allowed: number | null): Figures => ({
  after_warm_up: megabytes(before),
  at_the_end: megabytes(after),
  growth: megabytes(after - before),
  allowed,
});

function residentFigures(before: MemoryUse, after: MemoryUse, requests: number): Figures | null {
  if (before.resident === null || after.resident === null) return null;
  return figures(before.resident, after.resident, requests < MIN_CHECKED_REQUESTS ? null : RESIDENT_MB);
}

function violationsOf(report: Omit<MemoryReport, "violations">): string[] {
  const over = (what: string, grown: Figures | null, of: (turn: Growth) => number): string[] => {
    if (grown === null || grown.allowed === null || grown.growth <= grown.allowed) return [];
    const most = report.turns.toSorted((a, b) => of(b) - of(a)).slice(0, 5);
    const names = most.map((turn) => `${turn.name} (${of(turn)})`).join(", ");
    return [`${what} grew by ${grown.growth} MB after the warm-up; ${grown.allowed} MB are allowed. Most: ${names}`];
  };
  const { connections } = report.held;
  return [
    ...over("The heap's values", report.values_mb, (turn) => turn.values_kb),
    ...over("The heap's runtime objects", report.runtime_objects_mb, (turn) => turn.runtime_objects_kb),
    ...over("The process", report.resident_mb, (turn) => turn.resident_mb ?? 0),
    ...(connections === 0 ? [] : [`Objects hold ${connections} streams that were closed`]),
  ];
}

/** What was measured. */
interface Measured {
  before: MemoryUse;
  after: MemoryUse;
  held: MemoryReport["held"];
  rounds: MemoryUse[];
  turns: Growth[];
}

/** Reports what was measured after the warm-up and at the end, and judges it. */
export function reportOf({ requests, sockets, imports, seed }: Amounts, measured: Measured): MemoryReport {
  const { before, after, held, rounds, turns } = measured;
  const report = {
    ...{ requests, sockets, imports, seed },
    values_mb: figures(before.values, after.values, VALUES_MB),
    runtime_objects_mb: figures(before.runtimeObjects, after.runtimeObjects, runtimeObjectsAllowed(requests + sockets)),
    resident_mb: residentFigures(before, after, requests),
    held,
    rounds: rounds.map(({ values, resident }) => ({
      values_mb: megabytes(values),
      resident_mb: resident === null ? null : megabytes(resident),
    })),
    turns,
  };
  return { ...report, violations: violationsOf(report) };
}
