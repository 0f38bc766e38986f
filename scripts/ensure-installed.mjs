// Installs the dependencies where they are missing or older than the lock file. Runs on any Node from 20 on, before
// anything else: the project's own Node comes with the dependencies.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 20;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function changedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
  console.error(`Node ${OLDEST_NODE} or newer is needed to begin with; this is ${process.version}.`);
  process.exit(1);
}
if (changedAt("node_modules/.package-lock.json") < changedAt("package-lock.json")) {
  console.error("Installing the dependencies (once, about half a minute).");
  // What npm warns of (this Node's age, which the project's own makes up for; what dependencies use) is nothing to act upon.
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm ? [process.execPath, npm] : ["npm"];
  const { status, error } = spawnSync(command, [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (error) console.error(`npm could not be started: ${error.message}.`);
  if (status !== 0) process.exit(status ?? 1);
}
