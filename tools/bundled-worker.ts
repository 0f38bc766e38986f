import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse } from "node:path";
import type { Readable } from "node:stream";
import { convertV4MiniflareOptions, Miniflare, Response } from "miniflare";
import { ROOT } from "../scripts/dev-vars.ts";
import { freePort } from "../scripts/ports.ts";
import { runWrangler } from "../scripts/wrangler.ts";
import { wranglerBindings } from "../scripts/wrangler-bindings.ts";

/** The admin token of every bundled Worker that is started here. */
const TOKEN = "token-of-the-bundled-worker";

/** What its holder is let to do, and no burst guard. */
export const WITH_TOKEN = { Authorization: `Bearer ${TOKEN}` };

/** The Worker as it is deployed, on a port of the runtime's own. */
export interface BundledWorker {
  url: string;
  /** Where the runtime's inspector speaks the Chrome DevTools Protocol; null unless it was asked for. */
  inspector: string | null;
  /** Ends the runtime, with every socket and all that is in memory, and starts it on what it has stored, at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function migrate(worker: Miniflare): Promise<void> {
  const database = await worker.getD1Database("DB");
  const folder = join(ROOT, "migrations");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  const seed = join(ROOT, "storage", "registry", "reference", "seed.sql");
  for (const file of [...files.sort().map((name) => join(folder, name)), seed]) {
    const statements = readFileSync(file, "utf8").split("--> statement-breakpoint");
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}

/** A folder in memory, where the system has one. */
const SHARED_MEMORY = "/dev/shm";

/** Nothing stands beside the Worker here: it is to answer by itself. */
const noAssets = (): Response => new Response(null, { status: 404 });

/** Where a runtime finds its parts and where it answers. */
interface RuntimePaths {
  script: string;
  state: string;
  port: number;
  inspectorPort: number | undefined;
}

function startRuntime({ script, state, port, inspectorPort }: RuntimePaths, vars: Record<string, string>): Miniflare {
  const wrangler = wranglerBindings();
  return new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "index.js", contents: readFileSync(script, "utf8") }],
      host: "127.0.0.1",
      port,
      inspectorPort,
      compatibilityDate: "2026-10-20",
      cf: false,
      bindings: { ...wrangler.vars, ADMIN_TOKEN: TOKEN, ...vars },
      d1Databases: { DB: "registry" },
      kvNamespaces: { CACHE: "cache" },
      durableObjects: wrangler.durableObjects,
      serviceBindings: { ASSETS: noAssets },
      queueProducers: { INGESTION: { queueName: "ingestion" } },
      ratelimits: wrangler.ratelimits,
      resourcePersistencePath: state,
      handleStructuredLogs: () => {},
      handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
        stdout.resume();
        stderr.resume();
      },
    }),
  );
}

/** What a bundled Worker takes beside its variables. */
interface BundleOptions {
  /** The module to bundle, unless it is the Worker's own. */
  entry?: string;
  /**
   * Where it keeps its data meanwhile. On a disk each write of an object stops the whole local runtime until it is on the disk, as it
   * does not where it is deployed; in memory it does not.
   */
  storage?: "disk" | "memory";
  /** Whether its inspector is open, which says how much memory is in use. */
  inspected?: boolean;
}

/**
 * Bundles the Worker as a deployment would and runs it without the proxy of `wrangler dev`, which queues requests under load.
 * Nothing that it keeps outlives it.
 * @param vars its variables, beside its token and those of wrangler.toml
 */
export async function startBundledWorker(
  vars: Record<string, string>,
  { entry, storage = "disk", inspected = false }: BundleOptions = {},
): Promise<BundledWorker> {
  const isInMemory = storage === "memory" && existsSync(SHARED_MEMORY);
  const folder = mkdtempSync(join(isInMemory ? SHARED_MEMORY : tmpdir(), "wizdata-bundle-"));
  let worker: Miniflare | null = null;
  const stop = async (): Promise<void> => {
    await worker?.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    runWrangler(["deploy", ...(entry ? [entry] : []), "--dry-run", "--outdir", folder]);
    const script = join(folder, entry ? `${parse(entry).name}.js` : "index.js");
    const port = await freePort();
    const site = {
      script,
      state: join(folder, "state"),
      port,
      inspectorPort: inspected ? await freePort() : undefined,
    };
    const start = () => startRuntime(site, vars);
    worker = start();
    const url = (await worker.ready).origin;
    await migrate(worker);
    const restart = async (): Promise<void> => {
      await worker?.dispose();
      worker = start();
      await worker.ready;
    };
    const inspector = inspected ? (await worker.getInspectorURL()).href : null;
    return { url, inspector, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
