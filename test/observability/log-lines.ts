import { vi } from "vitest";
import { z } from "zod";
import { setLogLevel } from "../../observability/log.ts";

const Line = z.looseObject({ level: z.string(), message: z.string() });

export type LogLine = z.infer<typeof Line>;

/** Logs from level info on, into a list instead of the console, until `stopKeepingLogLines`. */
export function captureLogLines(): LogLine[] {
  const lines: LogLine[] = [];
  const keep = (text: unknown): void => void lines.push(Line.parse(JSON.parse(String(text))));
  vi.spyOn(console, "log").mockImplementation(keep);
  vi.spyOn(console, "error").mockImplementation(keep);
  setLogLevel("info");
  return lines;
}

export function stopCapturingLogLines(): void {
  vi.restoreAllMocks();
  setLogLevel("warn");
}
