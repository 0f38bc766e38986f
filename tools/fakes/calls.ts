/** One call that an upstream got. */
export interface Call {
  /** When it came, milliseconds since 1970. */
  at: number;
  endpoint: string;
  symbols: string[];
  status: number | null;
  fault: string | null;
}

/** What `GET /calls` answers. */
export interface CallsAnswer {
  total: number;
  /** Calls by endpoint, and in each how often every symbol was named. */
  endpoints: Record<string, { calls: number; symbols: Record<string, number> }>;
  /** The last calls, in the order in which they were over. */
  log: Call[];
}

const MAX_LOGGED = 20_000;

/** Counts calls. */
export interface CallLog {
  record(call: Call): void;
  clear(): void;
  summary(): CallsAnswer;
}

/** A count that begins at nothing. */
export function createCallLog(): CallLog {
  let log: Call[] = [];
  let total = 0;
  let endpoints: CallsAnswer["endpoints"] = {};
  return {
    record(call) {
      total++;
      log.push(call);
      if (log.length > MAX_LOGGED) log = log.slice(-MAX_LOGGED / 2);
      endpoints[call.endpoint] ??= { calls: 0, symbols: {} };
      const counted = endpoints[call.endpoint];
      counted.calls++;
      for (const symbol of call.symbols) counted.symbols[symbol] = (counted.symbols[symbol] ?? 0) + 1;
    },
    clear() {
      log = [];
      total = 0;
      endpoints = {};
    },
    summary: () => ({ total, endpoints, log }),
  };
}
