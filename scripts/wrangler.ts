import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseEnv } from "node:util";
import { ROOT } from "./dev-vars.ts";
import { describeSeed, type SeedEntry } from "./seed-report.ts";

const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");

/** Loaded into wrangler, so that it ends with the process that started it. */
const WATCH_STARTER = pathToFileURL(join(ROOT, "scripts", "watch-starter.mjs")).href;

/** Where Linux can end workerd with its parent, it does; elsewhere the next start ends what a killed one has left. */
function boundWorkerd(): NodeJS.ProcessEnv {
  if (process.platform !== "linux" || spawnSync("setpriv", ["--version"]).status !== 0) return {};
  const workerd: unknown = createRequire(WRANGLER)("workerd").default;
  if (typeof workerd !== "string") return {};
  return { MINIFLARE_WORKERD_PATH: join(ROOT, "scripts", "workerd-with-parent.sh"), WIZDATA_WORKERD: workerd };
}

/** A local platform asks no one anything, and answers nothing beside the Worker: .env says what of wrangler is closed. */
const ENVIRONMENT = {
  ...process.env,
  ...parseEnv(readFileSync(join(ROOT, ".env"), "utf8")),
  WRANGLER_SEND_METRICS: "false",
  CI: "true",
};

/** Where a platform's data is kept unless another folder is named. */
export const STATE: string = join(ROOT, ".wrangler", "state");

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

/** The reference data, as SQL. */
const SEED = join(ROOT, "storage", "registry", "reference", "seed.sql");

/** What the local database was last brought up to; it lives and dies with the database. */
const stampOf = (state: string): string => join(state, "v3", "d1", "migrations-applied");

function digestOfMigrationsAndSeed(): string {
  const hash = createHash("sha256").update(readFileSync(SEED));
  const folder = join(ROOT, "migrations");
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith(".sql")) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}

/** Where wrangler finds a database: `["--local", "--persist-to", folder]` or `["--remote", "--env", "production"]`. */
export type DatabaseFlags = readonly string[];

/** The rows that a query returns. */
function query(database: DatabaseFlags, sql: string): unknown[] {
  const output = runWrangler(["d1", "execute", "DB", ...database, "--json", "--command", sql]);
  const answers: unknown = JSON.parse(output);
  const [answer]: unknown[] = Array.isArray(answers) ? answers : [];
  if (!(typeof answer === "object" && answer && "results" in answer && Array.isArray(answer.results))) {
    throw new Error(`wrangler d1 execute printed no results:\n${output}`);
  }
  return answer.results;
}

function isSeedEntry(row: unknown): row is Omit<SeedEntry, "detail"> & { detail: string } {
  return typeof row === "object" && row !== null && "action" in row && "target" in row && "detail" in row;
}

/** Applies the reference data, as one transaction. The migrations are to be applied first. */
function applySeed(database: DatabaseFlags): void {
  runWrangler(["d1", "execute", "DB", ...database, "--yes", "--file", SEED]);
}

/**
 * Applies the reference data to a database whose migrations are applied.
 * @returns a sentence about what it added, changed and left as operators have it
 */
export function applySeedAndReport(database: DatabaseFlags): string {
  const [last] = query(database, "SELECT ifnull(max(id), 0) AS id FROM audit_log");
  const before = typeof last === "object" && last && "id" in last ? Number(last.id) : 0;
  applySeed(database);
  const added = query(
    database,
    `SELECT action, target, detail FROM audit_log WHERE id > ${before} AND actor = 'reference-data' ORDER BY id`,
  );
  return describeSeed(added.filter(isSeedEntry).map((row) => ({ ...row, detail: JSON.parse(row.detail) })));
}

/**
 * Applies the migrations that the local database lacks, and the seed. Asking wrangler takes seconds, so it is asked only after a change.
 * @param report receives a sentence about what the seed did, if it was applied
 */
export function applyMigrations(persistTo: string | null, report?: (sentence: string) => void): void {
  const state = persistTo ?? STATE;
  const digest = digestOfMigrationsAndSeed();
  if (existsSync(stampOf(state)) && readFileSync(stampOf(state), "utf8") === digest) return;
  const database: DatabaseFlags = ["--local", "--persist-to", state];
  runWrangler(["d1", "migrations", "apply", "DB", ...database]);
  if (report) report(applySeedAndReport(database));
  else applySeed(database);
  writeFileSync(stampOf(state), digest);
}

/** A token that no other process can guess. */
export const newCronToken = (): string => randomBytes(16).toString("hex");

/** How a local platform is started. */
export interface DevOptions {
  port: number;
  /** Where its data is kept; null for the project's own .wrangler/state. */
  persistTo: string | null;
  /** Variables that differ from wrangler.toml's. */
  vars: Record<string, string>;
  output: "inherit" | "pipe";
  /** What a call of a cron must begin with; without one no call is let pass. */
  cronToken?: string;
}

/**
 * Starts `wrangler dev` in a process group of its own, so that it can be stopped whole. It ends with this process, even where this
 * one is killed.
 */
export function startWrangler(options: DevOptions): ChildProcess {
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(options.port), "--inspector-port", "0"];
  args.push("--show-interactive-dev-session=false");
  if (options.persistTo) args.push("--persist-to", options.persistTo);
  const cronToken = options.cronToken ?? newCronToken();
  for (const [name, value] of Object.entries({ ...options.vars, CRON_TOKEN: cronToken })) {
    args.push("--var", `${name}:${value}`);
  }
  return spawn(process.execPath, ["--import", WATCH_STARTER, WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...ENVIRONMENT, ...boundWorkerd() },
    detached: true,
    stdio: ["pipe", options.output, options.output],
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
