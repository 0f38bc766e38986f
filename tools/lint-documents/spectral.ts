import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/dev-vars.ts";

/** The documents that a platform serves of itself. */
export const DOCUMENTS = ["openapi.json", "asyncapi.json"] as const;

const SPECTRAL = join(ROOT, "node_modules", "@stoplight", "spectral-cli", "dist", "index.js");

/**
 * Lints the documents that a platform serves, by the rules of .spectral.yaml.
 * @returns Spectral's exit code, 0 where there is not even a warning, and what it said
 */
export async function lintDocuments(url: string): Promise<{ code: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "wizdata-documents-"));
  try {
    const files: string[] = [];
    for (const name of DOCUMENTS) {
      const file = join(folder, name);
      writeFileSync(file, await (await fetch(`${url}/${name}`)).text());
      files.push(file);
    }
    const rules = ["--ruleset", join(ROOT, ".spectral.yaml"), "--fail-severity", "warn", "--format", "text"];
    const child = spawn(process.execPath, [SPECTRAL, "lint", ...rules, ...files], { cwd: ROOT });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => {
        output += part;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { code, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
