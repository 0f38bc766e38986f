/** What a run has seen. */
export interface SoakReport {
  recordResponse(kind: string, status: number, ms: number): void;
  recordViolation(what: string): void;
  violations(): readonly string[];
  requests(): number;
  /** A connection broke before an answer came. */
  recordDroppedConnection(): void;
  droppedConnections(): number;
  /** Answers by kind of question, for a table. */
  table(): Record<
    string,
    { requests: number; ok: number; "4xx": number; "503": number; median_ms: number; p99_ms: number }
  >;
}

interface Counter {
  statuses: number[];
  times: number[];
}

/** Findings, none yet. */
export function createSoakReport(): SoakReport {
  const counters = new Map<string, Counter>();
  const violations: string[] = [];
  let requests = 0;
  let dropped = 0;
  return {
    recordResponse(kind, status, ms) {
      requests++;
      const counts = counters.get(kind) ?? { statuses: [], times: [] };
      counts.statuses.push(status);
      counts.times.push(ms);
      counters.set(kind, counts);
    },
    recordViolation: (what) => violations.push(what),
    violations: () => violations,
    requests: () => requests,
    recordDroppedConnection() {
      dropped++;
    },
    droppedConnections: () => dropped,
    table() {
      const rows = [...counters].map(([kind, { statuses, times }]) => {
        const sorted = times.toSorted((a, b) => a - b);
        const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1]);
        const count = (low: number, high: number): number => statuses.filter((s) => s >= low && s <= high).length;
        const figures = { ok: count(200, 399), "4xx": count(400, 499), "503": count(503, 503) };
        return [kind, { requests: statuses.length, ...figures, median_ms: at(0.5), p99_ms: at(0.99) }] as const;
      });
      return Object.fromEntries(rows);
    },
  };
}
