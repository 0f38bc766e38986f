import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./dev-vars.ts";

const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");

/** A local platform asks nobody anything. */
const ENVIRONMENT = { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" };

/**
 * Runs a wrangler command to its end.
 * @returns what it printed
 * @throws Error with what it printed where it failed
 */
export function runWrangler(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: ENVIRONMENT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`wrangler ${args.slice(0, 3).join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** What the local database was last brought up to; it lives and dies with the database. */
const stampOf = (state: string): string => join(state, "v3", "d1", "migrations-applied");

function digestOfMigrations(): string {
  const hash = createHash("sha256");
  const folder = join(ROOT, "migrations");
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith(".sql")) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}

/** Applies the migrations that the local database lacks. Asking wrangler takes seconds, so it is asked only after a change. */
export function applyMigrations(persistTo: string | null): void {
  const state = persistTo ?? join(ROOT, ".wrangler", "state");
  const digest = digestOfMigrations();
  if (existsSync(stampOf(state)) && readFileSync(stampOf(state), "utf8") === digest) return;
  runWrangler(["d1", "migrations", "apply", "DB", "--local", "--persist-to", state]);
  writeFileSync(stampOf(state), digest);
}

/** How a local platform is started. */
export interface DevOptions {
  port: number;
  /** Where its data is kept; null for the project's own .wrangler/state. */
  persistTo: string | null;
  /** Variables that differ from wrangler.toml's. */
  vars: Record<string, string>;
  output: "inherit" | "pipe";
}

/** Starts `wrangler dev` in a process group of its own, so that it can be stopped whole. */
export function startWrangler(options: DevOptions): ChildProcess {
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(options.port), "--inspector-port", "0"];
  args.push("--show-interactive-dev-session=false");
  if (options.persistTo) args.push("--persist-to", options.persistTo);
  for (const [name, value] of Object.entries(options.vars)) args.push("--var", `${name}:${value}`);
  return spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: ENVIRONMENT,
    detached: true,
    stdio: ["ignore", options.output, options.output],
  });
}

const GRACE_MS = 5_000;

/** Stops a server and everything that it started; resolves when it is gone. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    signalGroup(pid, "SIGTERM");
    const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), GRACE_MS);
    await gone;
    clearTimeout(timer);
  }
  // What the group's leader left behind, even where it ended by itself.
  signalGroup(pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
