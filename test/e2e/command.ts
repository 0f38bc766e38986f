import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../scripts/dev-vars.ts";

/** How a command ended and what it printed. */
export interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

/** The environment of a command: no colours, and nothing of the tests' own settings. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, PORT: __, ADMIN_TOKEN: ___, ...rest } = process.env;
  return { ...rest, NO_COLOR: "1", ...more };
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: plainEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    errors += part;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output, errors }));
  });
}

/** Runs one of the project's scripts to its end. */
export function runScript(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, root = ROOT) {
  return run(process.execPath, [join(root, "scripts", name), ...args], { cwd: root, env });
}
