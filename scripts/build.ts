// `npm run build`: bundles the Worker as a deployment would, and says how large it is.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "./dev-vars.ts";
import { runWrangler } from "./wrangler.ts";

/** The largest bundle that may be deployed, in bytes after gzip. */
const MOST_BYTES = 300_000;

const target = join(ROOT, "dist", "worker");
runWrangler(["deploy", "--dry-run", "--env", "production", "--outdir", target]);
const bundle = readFileSync(join(target, "index.js"));
const zipped = gzipSync(bundle, { level: 9 }).length;
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
console.log(
  `The bundle is ${kilobytes(zipped)} after gzip (${kilobytes(bundle.length)} before); ${kilobytes(MOST_BYTES)} is the most.`,
);
if (zipped > MOST_BYTES) process.exit(1);
