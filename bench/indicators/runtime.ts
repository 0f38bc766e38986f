import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { ROOT } from "../../scripts/dev-vars.ts";
import { runWrangler } from "../../scripts/wrangler.ts";
import { runsOf } from "./contenders.ts";
import type { Contender } from "./measure.ts";
import { randomWalk } from "./series.ts";

/** Where contenders run. */
export interface Runtime {
  version: string;
  /** The contenders of that name for these indicators over that many candles. */
  contenders(names: readonly string[], candles: number, runs: readonly string[]): Contender[];
  stop(): Promise<void>;
}

/** The runtime that the platform is deployed to, with the code bundled as a deployment would. */
export async function startWorkerd(): Promise<Runtime> {
  const folder = mkdtempSync(join(tmpdir(), "wizdata-bench-"));
  try {
    runWrangler(["deploy", "--config", "bench/indicators/wrangler.toml", "--dry-run", "--outdir", folder]);
    const contents = readFileSync(join(folder, "entry.js"), "utf8");
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "entry.js", contents }],
        compatibilityDate: "2026-10-20",
        cf: false,
      }),
    );
    const { origin } = await worker.ready;
    return {
      version: `workerd ${versionOf("workerd")}`,
      contenders: (names, candles, runs) =>
        runs.map((name) => ({
          name,
          // A call in which nothing is done costs about a millisecond, which is not the contender's.
          run: async (times) => {
            const call = await timeOf(origin, names, candles, "nothing", 1);
            return Math.max(0, (await timeOf(origin, names, candles, name, times)) - call);
          },
        })),
      stop: () => worker.dispose(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** This process. */
export function inNode(): Runtime {
  return {
    version: `node ${process.version}`,
    contenders(names, candles, runs) {
      const all = runsOf(names, randomWalk(candles));
      return runs.map((name) => ({ name, run: async (times) => timeHere(all.get(name), times) }));
    },
    stop: async () => {},
  };
}

function timeHere(run: (() => void) | undefined, times: number): number {
  if (!run) throw new Error("There is no such contender.");
  const start = performance.now();
  for (let i = 0; i < times; i++) run();
  return performance.now() - start;
}

/** The milliseconds of a call in which a contender runs that many times. */
async function timeOf(origin: string, names: readonly string[], candles: number, run: string, times: number) {
  const question = new URLSearchParams({ names: names.join(","), candles: `${candles}`, run, times: `${times}` });
  const start = performance.now();
  const answer = await fetch(`${origin}/?${question}`);
  const text = await answer.text();
  const ms = performance.now() - start;
  if (!answer.ok) throw new Error(text);
  return ms;
}

function versionOf(name: string): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"),
  );
  return version;
}
