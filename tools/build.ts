// `npm run build`: bundles the Worker as a deployment would, checks the bundle, and reports its size and start-up time.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/dev-vars.ts";
import { runWrangler } from "../scripts/wrangler.ts";
import { bundleFaults, MAX_GZIP_BYTES, measureBundle, measureStartUp } from "./build/bundle.ts";

const folder = join(ROOT, "dist", "worker");
runWrangler(["deploy", "--dry-run", "--env", "production", "--outdir", folder]);
const bundle = readFileSync(join(folder, "index.js"));
const { bytes, gzipBytes } = measureBundle(bundle);
const kilobytes = (size: number): string => `${(size / 1000).toFixed(1)} KB`;
console.log(
  `The bundle is ${kilobytes(gzipBytes)} after gzip (${kilobytes(bytes)} before); ${kilobytes(MAX_GZIP_BYTES)} is the most.`,
);
console.log(`It starts in ${measureStartUp(join(folder, "start-up.cpuprofile")).toFixed(0)} ms in the local runtime.`);
const faults = bundleFaults(bundle);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
