import { cpSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { ROOT } from "../../scripts/dev-vars.ts";

/** What is made by working with the project and is not part of it. */
const OMITTED = new Set(["node_modules", ".git", ".wrangler", ".dev.vars", "dist", "coverage"]);

/**
 * Copies the project into a new folder, as if it had just been cloned and its dependencies installed: what its scripts
 * make there leaves the project itself alone.
 */
export function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "wizdata-project-"));
  cpSync(ROOT, copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !OMITTED.has(relative(ROOT, source).split(sep)[0]),
  });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");
  return copy;
}
