import type { AttackerAnswers, AttackReport } from "./attack-ledger.ts";
import type { PoliteReport } from "./quotes-client.ts";
import { isOfSocket } from "./refusals.ts";
import type { SilentReport } from "./silent-reader.ts";

/** The 99th percentile of quotes under attack: that many times the idle one, and no less than this (milliseconds). */
const MAX_SLOWDOWN = 4;
const MIN_ALLOWED_MS = 250;
/** A shorter attack has too few quotes for their 99th percentile to be checked. */
const MIN_CHECKED_SECONDS = 30;
/** By how much (MB) the runtime may grow while it is attacked, and what of that may stay. */
export const MAX_GROWTH_MB = 300;
export const MAX_LASTING_MB = 100;
/** By how much (MB) it may grow by silent clients that come back. */
export const MAX_RECONNECT_GROWTH_MB = 100;
const REFUSING_STATUSES = ["http 422", "http 429"];
const VIOLATIONS_OF_STREAM = 5;

/** What was measured. */
export interface Measured {
  seconds: number;
  seed: number;
  idle: PoliteReport;
  attacked: PoliteReport;
  /** The size of the runtime's process, MB. */
  memory: { before: number; peak: number; after: number };
  attack: AttackReport;
  /** Why the attack was ended before its time; null where it was not. */
  stopped: string | null;
  reconnects: { count: number; growth: number; wanted: number } | null;
  silent: { report: SilentReport; violations: readonly string[] } | null;
}

/** What came of it. */
export interface HostileReport {
  seconds: number;
  seed: number;
  idle_p99_ms: number;
  p99_ms: number;
  /** null where it is not checked. */
  p99_allowed_ms: number | null;
  /** Quotes of the polite client, alone and under attack; those that failed by what came instead. */
  quotes: { asked: number; failed: Record<string, number> };
  rss_mb: Measured["memory"];
  refused: Record<string, number>;
  attackers: AttackerAnswers[];
  reconnects?: { count: number; growth_mb: number };
  silent?: SilentReport;
  violations: string[];
}

const rounded = (mb: number): number => Math.round(mb * 10) / 10;

function allowedLatency({ seconds, idle }: Measured): number | null {
  return seconds < MIN_CHECKED_SECONDS ? null : Math.max(MIN_ALLOWED_MS, MAX_SLOWDOWN * idle.p99_ms);
}

function latencyViolations(measured: Measured): string[] {
  const allowed = allowedLatency(measured);
  const { p99_ms } = measured.attacked;
  return allowed === null || p99_ms <= allowed ? [] : [`p99_ms was ${p99_ms} under attack; ${allowed} is allowed`];
}

function memoryViolations({ memory: { before, peak, after } }: Measured): string[] {
  const over = (what: string, mb: number, allowed: number): string[] =>
    mb <= allowed ? [] : [`The process ${what} by ${rounded(mb)} MB; ${allowed} MB are allowed`];
  return [
    ...over("grew under attack", peak - before, MAX_GROWTH_MB),
    ...over("stayed larger after the attack", after - before, MAX_LASTING_MB),
  ];
}

function refusalViolations({ attack: { refused } }: Measured): string[] {
  const codes = Object.keys(refused);
  return [
    ...(codes.some((code) => REFUSING_STATUSES.includes(code)) ? [] : ["No request was refused with 422 or 429"]),
    ...(codes.some(isOfSocket) ? [] : ["Nothing was refused on a socket"]),
  ];
}

function reconnectViolations({ reconnects }: Measured): string[] {
  if (reconnects === null) return [];
  const { count, growth, wanted } = reconnects;
  return [
    ...(growth < MAX_RECONNECT_GROWTH_MB ? [] : [`${count} silent reconnects left ${rounded(growth)} MB`]),
    ...(count === wanted ? [] : [`A silent client was let in ${count} times of ${wanted}`]),
  ];
}

function silentViolations({ silent }: Measured): string[] {
  if (silent === null) return [];
  const { connections, events, missing } = silent.report;
  return [
    ...(connections === 1 ? [] : [`A silent reader needed ${connections} connections`]),
    ...(missing === 0 ? [] : [`A silent reader lacks ${missing} events`]),
    ...(events > 0 ? [] : ["A silent reader got no event"]),
    ...silent.violations.slice(0, VIOLATIONS_OF_STREAM),
  ];
}

/** Reports what was measured, and checks it. */
export function reportOf(measured: Measured): HostileReport {
  const { seconds, seed, idle, attacked, memory, attack, stopped, reconnects, silent } = measured;
  const failed = [idle, attacked].flatMap(({ faults }) => Object.entries(faults));
  return {
    ...{ seconds, seed },
    ...{ idle_p99_ms: idle.p99_ms, p99_ms: attacked.p99_ms, p99_allowed_ms: allowedLatency(measured) },
    quotes: { asked: idle.asked + attacked.asked, failed: Object.fromEntries(failed) },
    rss_mb: { before: rounded(memory.before), peak: rounded(memory.peak), after: rounded(memory.after) },
    refused: attack.refused,
    attackers: attack.attackers,
    ...(reconnects && { reconnects: { count: reconnects.count, growth_mb: rounded(reconnects.growth) } }),
    ...(silent && { silent: silent.report }),
    violations: [
      ...failed.map(([what, times]) => `${times} quotes of the polite client failed: ${what}`),
      ...latencyViolations(measured),
      ...memoryViolations(measured),
      ...(stopped === null ? [] : [stopped]),
      ...refusalViolations(measured),
      ...attack.violations,
      ...reconnectViolations(measured),
      ...silentViolations(measured),
    ],
  };
}
