import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { runWrangler } from "../../scripts/wrangler.ts";

/** The largest bundle that may be deployed, in bytes after gzip. */
export const MAX_GZIP_BYTES = 350_000;

/** A word of the validation library's German messages, and one of its English ones. */
const GERMAN = "Eingabe";
const ENGLISH = "Invalid input";

/** The size of a bundle in bytes, before and after gzip. */
export function measureBundle(bundle: Buffer): { bytes: number; gzipBytes: number } {
  return { bytes: bundle.length, gzipBytes: gzipSync(bundle, { level: 9 }).length };
}

/** What is wrong with a bundle, in sentences: it is too large, or has other languages' messages than English. */
export function bundleFaults(bundle: Buffer): string[] {
  const faults: string[] = [];
  if (measureBundle(bundle).gzipBytes > MAX_GZIP_BYTES) faults.push(`The bundle is over ${MAX_GZIP_BYTES} bytes.`);
  if (bundle.includes(GERMAN)) {
    faults.push("The bundle holds the validation library's translations: the alias in wrangler.toml has no effect.");
  }
  if (!bundle.includes(ENGLISH)) faults.push("The bundle lacks the validation library's English messages.");
  return faults;
}

const Profile = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame: z.object({ functionName: z.string() }) })),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/**
 * Milliseconds of processor time that the Worker takes to start in the local runtime, as wrangler profiles it.
 * @param file where the profile is left, for the developer tools of a browser
 */
export function measureStartUp(file: string): number {
  runWrangler(["check", "startup", "--outfile", file, "--args=--env=production"]);
  const { nodes, samples, timeDeltas } = Profile.parse(JSON.parse(readFileSync(file, "utf8")));
  const idle = new Set(nodes.flatMap(({ id, callFrame }) => (callFrame.functionName === "(idle)" ? [id] : [])));
  const microseconds = samples.reduce((sum, node, i) => (idle.has(node) ? sum : sum + timeDeltas[i]), 0);
  return microseconds / 1000;
}
