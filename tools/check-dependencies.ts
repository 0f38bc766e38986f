// `npm run check:dependencies`: judges the dependencies by the lock file, and asks the registry for advisories where it answers.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "../scripts/dev-vars.ts";
import { faultsOfDependencies, LockFileSchema, ManifestSchema } from "./dependencies/lock-file.ts";

const AUDIT_TIMEOUT_MS = 15_000;

const AuditSchema = z.looseObject({
  vulnerabilities: z.record(z.string(), z.looseObject({ severity: z.string() })),
});

const text = (name: string): string => readFileSync(join(ROOT, name), "utf8");

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The packages that the registry knows advisories of, with their severity; null where it does not answer. */
function advisories(args: readonly string[]): string[] | null {
  const { stdout } = spawnSync("npm", ["audit", "--json", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: AUDIT_TIMEOUT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const audit = AuditSchema.safeParse(parsed(stdout ?? ""));
  if (!audit.success) return null;
  return Object.entries(audit.data.vulnerabilities).map(([name, { severity }]) => `${name} (${severity})`);
}

const manifest = ManifestSchema.parse(JSON.parse(text("package.json")));
const lock = LockFileSchema.parse(JSON.parse(text("package-lock.json")));
const faults = faultsOfDependencies(manifest, lock, text("docs/dependencies.md"));
for (const fault of faults) console.error(fault);

const running = advisories(["--omit=dev"]);
if (running === null) {
  console.log("The registry's audit endpoint does not answer here: versions were not compared with advisories.");
} else {
  for (const advisory of running) console.error(`In the Worker, with an advisory: ${advisory}`);
  for (const advisory of advisories([]) ?? []) console.log(`Among tools or the Worker, with an advisory: ${advisory}`);
}
const count = Object.keys(lock.packages).length - 1;
const bad = faults.length + (running?.length ?? 0);
console.log(
  bad === 0 ? `${count} packages are as they should be.` : `${bad} of what is asked of ${count} packages is not so.`,
);
process.exitCode = bad === 0 ? 0 : 1;
