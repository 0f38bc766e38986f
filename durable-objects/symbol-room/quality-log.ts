import type { ProviderName } from "../../contracts/provider.ts";
import type { Finding } from "../../core/data-quality/finding.ts";
import type { Interval } from "../../core/interval.ts";
import { logWarning } from "../../observability/log.ts";
import { openPrimary } from "../../storage/database.ts";
import { type QualityDecision, recordDecisions } from "../../storage/quality-log.ts";

/** A quote that was not believed. */
export interface QuoteAnomaly {
  provider: ProviderName;
  /** The source's own time of it, unix seconds. */
  time: number;
  reason: string;
  detail: string;
}

/** How often a check doubted something. */
export interface DecisionCount {
  kind: "quote" | "candle";
  check: string;
  times: number;
}

/** Where a room's data-quality decisions go. */
export class QualityLog {
  readonly #database: D1Database;
  readonly #keep: (work: Promise<void>) => void;
  readonly #counts = new Map<string, DecisionCount>();

  constructor(database: D1Database, keep: (work: Promise<void>) => void) {
    this.#database = database;
    this.#keep = keep;
  }

  quotes(symbol: string, anomalies: readonly QuoteAnomaly[]): void {
    const at = new Date().toISOString();
    this.#send(
      anomalies.map(({ provider, time, reason, detail }) => {
        const about = { at, symbol, provider, kind: "quote" as const, interval: "" };
        return { ...about, time: Math.floor(time), check: reason, detail };
      }),
    );
  }

  candles(symbol: string, provider: ProviderName, interval: Interval, findings: readonly Finding[]): void {
    const at = new Date().toISOString();
    this.#send(
      findings.map(({ time, check, detail }) => {
        return { at, symbol, provider, kind: "candle" as const, interval, time, check, detail };
      }),
    );
  }

  /** A reply of the room with the decisions since the last one, which it carries. */
  withCounts<Answer extends object>(answer: Answer): Answer & { decisions?: DecisionCount[] } {
    if (this.#counts.size === 0) return answer;
    const decisions = [...this.#counts.values()];
    this.#counts.clear();
    return { ...answer, decisions };
  }

  async #record(decisions: QualityDecision[]): Promise<void> {
    try {
      await recordDecisions(openPrimary(this.#database), decisions);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      logWarning("data-quality decisions could not be recorded", { count: decisions.length, cause: error.message });
    }
  }

  #send(decisions: QualityDecision[]): void {
    for (const { kind, check } of decisions) {
      const counted = this.#counts.get(`${kind} ${check}`) ?? { kind, check, times: 0 };
      this.#counts.set(`${kind} ${check}`, { ...counted, times: counted.times + 1 });
    }
    if (decisions.length > 0) this.#keep(this.#record(decisions));
  }
}
