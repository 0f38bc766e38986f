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

const LOGGED = 20_000;

/** Counts calls. */
export interface Calls {
  note(call: Call): void;
  forget(): void;
  answer(): CallsAnswer;
}

/** A count that begins at nothing. */
export function countCalls(): Calls {
  let log: Call[] = [];
  let total = 0;
  let endpoints: CallsAnswer["endpoints"] = {};
  return {
    note(call) {
      total++;
      log.push(call);
      if (log.length > LOGGED) log = log.slice(-LOGGED / 2);
      endpoints[call.endpoint] ??= { calls: 0, symbols: {} };
      const counted = endpoints[call.endpoint];
      counted.calls++;
      for (const symbol of call.symbols) counted.symbols[symbol] = (counted.symbols[symbol] ?? 0) + 1;
    },
    forget() {
      log = [];
      total = 0;
      endpoints = {};
    },
    answer: () => ({ total, endpoints, log }),
  };
}
