import { redactKeys } from "../core/api-key.ts";

/** What a log line says beside its message; values must be safe to keep: no keys, no upstream's text. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

type Level = "info" | "warn" | "error";

function write(level: Level, message: string, fields: LogFields): void {
  const line = redactKeys(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }));
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

/** One structured line for a fault, with its cause and where it happened. */
export function logError(message: string, cause: unknown, fields: LogFields = {}): void {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  write("error", message, { ...fields, error: error.name, cause: error.message, stack: error.stack });
}
