import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach } from "vitest";
import { ROOT } from "../../scripts/dev-vars.ts";
import { stopProcess } from "../../scripts/wrangler.ts";

/** How a command ended and what it printed. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The environment of a command: no colours, and nothing of the tests' own settings. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, PORT: __, ADMIN_TOKEN: ___, ...rest } = process.env;
  return { ...rest, NO_COLOR: "1", ...more };
}

const running = new Set<ChildProcess>();

// A test that takes too long is given up, not ended: what it has started would go on without it.
afterEach(async () => {
  await Promise.all([...running].map(stopProcess));
});

/** Runs a command to its end, or to that of its test. It has a process group of its own, so that it ends with all that it started. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: plainEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    stderr += part;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs one of the project's scripts to its end. */
export function runScript(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, root = ROOT) {
  return run(process.execPath, [join(root, "scripts", name), ...args], { cwd: root, env });
}

/** Runs a command of `wizdata` to its end. */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}, root = ROOT) {
  return run(process.execPath, [join(root, "cli", "wizdata.ts"), ...args], { cwd: root, env });
}

/** Runs one of the project's tools to its end. */
export function runTool(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return run(process.execPath, [join(ROOT, "tools", name), ...args], { cwd: ROOT, env });
}
