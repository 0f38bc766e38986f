import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { ROOT } from "../../scripts/dev-vars.ts";
import { freePort } from "../../scripts/ports.ts";
import { runWrangler } from "../../scripts/wrangler.ts";

/** The admin token of every bundled Worker that is started here. */
const TOKEN = "token-of-the-bundled-worker";

/** What its holder is let to do, and no burst guard. */
export const WITH_TOKEN = { Authorization: `Bearer ${TOKEN}` };

/** The Worker as it is deployed, on a port of the runtime's own. */
export interface BundledWorker {
  url: string;
  /** Ends the runtime, with every socket and all that is in memory, and starts it on what it has stored, at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function migrate(worker: Miniflare): Promise<void> {
  const database = await worker.getD1Database("DB");
  const folder = join(ROOT, "migrations");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) {
    const statements = readFileSync(join(folder, file), "utf8").split("--> statement-breakpoint");
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}

/** A folder in memory, where the system has one. */
const SHARED_MEMORY = "/dev/shm";

/** The classes of wrangler.toml, by binding. */
const OBJECTS = {
  SYMBOL_ROOM: "SymbolRoom",
  PROVIDER_GATE: "ProviderGate",
  STREAM_HUB: "StreamHub",
  STREAM_DIRECTORY: "StreamDirectory",
  TICKET_OFFICE: "TicketOffice",
};

/** What wrangler.toml's variables are where a test does not care. */
const VARIABLES = {
  CORS_ORIGINS: "*",
  HUB_SOCKETS: "2000",
  HUBS_PER_REGION: "16",
  SOCKETS_PER_ADDRESS: "20",
  UNACKNOWLEDGED_BYTES: "4194304",
  ANONYMOUS_ACCESS: "on",
};

function run(folder: string, port: number, vars: Record<string, string>): Miniflare {
  const objects = Object.entries(OBJECTS).map(([name, className]) => [name, { className, useSQLite: true }]);
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "index.js", contents: readFileSync(join(folder, "index.js"), "utf8") }],
      host: "127.0.0.1",
      port,
      compatibilityDate: "2026-10-20",
      cf: false,
      bindings: { ...VARIABLES, ADMIN_TOKEN: TOKEN, ...vars },
      d1Databases: { DB: "registry" },
      kvNamespaces: { CACHE: "cache" },
      durableObjects: Object.fromEntries(objects),
      queueProducers: { INGESTION: { queueName: "ingestion" } },
      ratelimits: {
        BURST_GUARD: { namespace_id: "1", simple: { limit: 100, period: 10 } },
        MINUTE_GUARD: { namespace_id: "3", simple: { limit: 600, period: 60 } },
      },
      resourcePersistencePath: join(folder, "state"),
      handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
        stdout.resume();
        stderr.resume();
      },
    }),
  );
}

/**
 * Bundles the Worker as a deployment would and runs it without the proxy of `wrangler dev`, which queues requests under load.
 * Nothing that it keeps outlives it.
 * @param vars its variables, beside its token
 * @param place where it keeps its data meanwhile. On a disk each write of an object stops the whole local runtime until it is on
 * the disk, as it does not where it is deployed; in memory it does not
 */
export async function startBundledWorker(
  vars: Record<string, string>,
  place: "disk" | "memory" = "disk",
): Promise<BundledWorker> {
  const isInMemory = place === "memory" && existsSync(SHARED_MEMORY);
  const folder = mkdtempSync(join(isInMemory ? SHARED_MEMORY : tmpdir(), "wizdata-bundle-"));
  let worker: Miniflare | null = null;
  const stop = async (): Promise<void> => {
    await worker?.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    runWrangler(["deploy", "--dry-run", "--outdir", folder]);
    const port = await freePort();
    worker = run(folder, port, vars);
    const url = (await worker.ready).origin;
    await migrate(worker);
    const restart = async (): Promise<void> => {
      await worker?.dispose();
      worker = run(folder, port, vars);
      await worker.ready;
    };
    return { url, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
