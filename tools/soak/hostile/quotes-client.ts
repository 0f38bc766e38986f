const EVERY_MS = 50;
/** A client waits no longer than this for an answer. */
const MAX_WAIT_MS = 60_000;

/** What a polite client got. */
export interface PoliteReport {
  asked: number;
  /** From the moment at which a quote was to be asked until its answer was there. */
  p99_ms: number;
  /** What was not a quote, by what it was. */
  faults: Record<string, number>;
}

/** The latency that 99 of 100 do not exceed; 0 where there are none. */
function p99(latencies: readonly number[]): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? 0);
}

/** A client that asks one quote after the other, at its own pace whatever becomes of those before. */
export interface QuotesClient {
  /** Stops asking; what was asked is waited for. */
  stop(): Promise<PoliteReport>;
}

/** Starts to ask, one symbol after the other. */
export function startQuotesClient(
  url: string,
  headers: Record<string, string>,
  symbols: readonly string[],
): QuotesClient {
  const latencies: number[] = [];
  const faults = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  const begun = performance.now();
  let asked = 0;

  const answerTo = async (symbol: string): Promise<string> => {
    const signal = AbortSignal.timeout(MAX_WAIT_MS);
    try {
      const response = await fetch(`${url}/quotes/${symbol}`, { headers, signal });
      const text = await response.text();
      return response.status === 200 ? "200" : `${response.status} ${text.slice(0, 200)}`;
    } catch (error) {
      if (signal.aborted) return `no answer in ${MAX_WAIT_MS / 1000} s`;
      if (error instanceof TypeError) return error.message;
      throw error;
    }
  };
  const ask = async (due: number, symbol: string): Promise<void> => {
    const answer = await answerTo(symbol);
    latencies.push(performance.now() - due);
    if (answer !== "200") faults.set(answer, (faults.get(answer) ?? 0) + 1);
  };
  const asking = setInterval(() => {
    for (let due = begun + asked * EVERY_MS; due <= performance.now(); due = begun + asked * EVERY_MS) {
      const answered = ask(due, symbols[asked % symbols.length]).finally(() => pending.delete(answered));
      pending.add(answered);
      asked++;
    }
  }, EVERY_MS / 2);
  return {
    async stop() {
      clearInterval(asking);
      await Promise.all(pending);
      return { asked, p99_ms: p99(latencies), faults: Object.fromEntries(faults) };
    },
  };
}
