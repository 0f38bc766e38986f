import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** The project's folder. */
export const ROOT: string = join(import.meta.dirname, "..");

const FILE = join(ROOT, ".dev.vars");

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The secrets of local development; nothing where there are none. */
export function readDevVars(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(FILE, "utf8"));
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}

/** Makes .dev.vars with a random ADMIN_TOKEN, readable by its owner alone, where there is none. */
export function ensureDevVars(): void {
  const content = [
    "# Secrets of local development; .dev.vars.example says what may stand here.",
    `ADMIN_TOKEN="${randomBytes(24).toString("hex")}"`,
    "",
  ].join("\n");
  try {
    writeFileSync(FILE, content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    throw error;
  }
}
