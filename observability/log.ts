import { redactKeys } from "../core/api-key.ts";
import { currentSpan } from "./span.ts";

/** What a log line says beside its message; values must be safe to keep: no keys, no upstream's text. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** How grave a line is. */
export type Level = (typeof LEVELS)[number];

const INFO = LEVELS.indexOf("info");

/** Lines below this level are not written. */
let threshold = INFO;

/** Sets the level from which lines are written, as the `LOG_LEVEL` variable has it; anything unknown is `info`. */
export function setLogLevel(name: string | undefined): void {
  const known = LEVELS.find((level) => level === name);
  threshold = known ? LEVELS.indexOf(known) : INFO;
}

/** Whether lines of a level are written: ask before making an expensive one. */
export const isLogged = (level: Level): boolean => LEVELS.indexOf(level) >= threshold;

function write(level: Level, message: string, fields: LogFields): void {
  if (!isLogged(level)) return;
  const trace_id = currentSpan()?.context().traceId;
  const line = redactKeys(JSON.stringify({ time: new Date().toISOString(), level, message, trace_id, ...fields }));
  if (level === "error") console.error(line);
  else console.log(line);
}

/** One structured line for something worth knowing. */
export function logInfo(message: string, fields: LogFields = {}): void {
  write("info", message, fields);
}

/** One structured line for something that went wrong and was handled. */
export function logWarning(message: string, fields: LogFields = {}): void {
  write("warn", message, fields);
}

/** What led to an error, from the nearest cause to the first, in one line. */
function causesOf(error: Error): string {
  const causes = [error.message];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(`${cause.name}: ${cause.message}`);
  }
  return causes.join(" < ");
}

/** One structured line for a fault, with its cause and where it happened. */
export function logError(message: string, cause: unknown, fields: LogFields = {}): void {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  write("error", message, { ...fields, error: error.name, cause: causesOf(error), stack: error.stack });
}
