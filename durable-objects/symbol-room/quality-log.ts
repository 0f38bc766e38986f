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
export interface QualityLog {
  quotes(symbol: string, doubts: readonly QuoteAnomaly[]): void;
  candles(symbol: string, provider: ProviderName, interval: Interval, findings: readonly Finding[]): void;
  /** An answer of the room with the decisions since the last one, which ride on it. */
  withCounts<Answer extends object>(answer: Answer): Answer & { decisions?: DecisionCount[] };
}

/** Opens the record of what a room doubts. It is for people; a registry that cannot take it changes no answer. */
export function openQualityLog(database: D1Database, keep: (work: Promise<void>) => void): QualityLog {
  const record = async (decisions: QualityDecision[]): Promise<void> => {
    try {
      await recordDecisions(openPrimary(database), decisions);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      logWarning("data-quality decisions could not be recorded", { count: decisions.length, cause: error.message });
    }
  };
  const counts = new Map<string, DecisionCount>();
  const send = (decisions: QualityDecision[]): void => {
    for (const { kind, check } of decisions) {
      const counted = counts.get(`${kind} ${check}`) ?? { kind, check, times: 0 };
      counts.set(`${kind} ${check}`, { ...counted, times: counted.times + 1 });
    }
    if (decisions.length > 0) keep(record(decisions));
  };
  return {
    quotes(symbol, doubts) {
      const at = new Date().toISOString();
      send(
        doubts.map(({ provider, time, reason, detail }) => {
          const about = { at, symbol, provider, kind: "quote" as const, interval: "" };
          return { ...about, time: Math.floor(time), check: reason, detail };
        }),
      );
    },
    candles(symbol, provider, interval, findings) {
      const at = new Date().toISOString();
      send(
        findings.map(({ time, check, detail }) => {
          return { at, symbol, provider, kind: "candle" as const, interval, time, check, detail };
        }),
      );
    },
    withCounts(answer) {
      if (counts.size === 0) return answer;
      const decisions = [...counts.values()];
      counts.clear();
      return { ...answer, decisions };
    },
  };
}
