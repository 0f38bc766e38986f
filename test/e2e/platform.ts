import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../scripts/ports.ts";
import { waitUntilReady } from "../../scripts/readiness.ts";
import { applyMigrations, startWrangler, stopProcess } from "../../scripts/wrangler.ts";

/** The admin token of every platform that is started here. */
export const TOKEN = "token-of-the-end-to-end-tests";

/** What its holder is let to do, and no burst guard. */
export const AS_ADMIN = { Authorization: `Bearer ${TOKEN}` };

/** A platform that runs in `wrangler dev`. */
export interface Platform {
  url: string;
  /** Stops it and everything that it started. */
  stop(): Promise<void>;
  /** Ends it and everything that it started at once, as a power cut would. */
  kill(): Promise<void>;
}

/** A folder for a platform's data. */
export function dataFolder(): string {
  return mkdtempSync(join(tmpdir(), "wizdata-e2e-"));
}

/** Removes a folder and what is in it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Sends a signal to a process and all of its group; nothing happens where none is left. */
export function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Everything that a process prints, and the means to read it while it runs. */
export function outputOf(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  return () => text;
}

/**
 * Starts a platform on a free port that keeps its data in `folder`; it is the demo.
 * @param vars variables that differ from wrangler.toml's
 */
export async function startPlatform(folder: string, vars: Record<string, string> = {}): Promise<Platform> {
  applyMigrations(folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = startWrangler({
    port,
    persistTo: folder,
    vars: { MARKET_MODE: "demo", ADMIN_TOKEN: TOKEN, ...vars },
    output: "pipe",
  });
  const output = outputOf(server);
  const endWithTests = () => signalGroup(server, "SIGKILL");
  process.once("exit", endWithTests);
  const gone = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  try {
    await waitUntilReady(url, server);
  } catch (error) {
    await stopProcess(server);
    throw new Error(`The platform did not start:\n${output()}`, { cause: error });
  }
  let killed = false;
  return {
    url,
    async stop() {
      if (!killed) await stopProcess(server);
      process.off("exit", endWithTests);
    },
    async kill() {
      killed = true;
      signalGroup(server, "SIGKILL");
      await gone;
      process.off("exit", endWithTests);
    },
  };
}
