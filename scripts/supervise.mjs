// Runs a command for a parent, and ends it when the parent is gone, however it ended: the parent holds the other end of standard input,
// which the system closes then. `node scripts/supervise.mjs <script> [arguments]`, as the leader of a process group of its own.
import { spawn } from "node:child_process";

const GRACE_MS = 5_000;

const child = spawn(process.execPath, process.argv.slice(2), { stdio: ["ignore", "inherit", "inherit"] });

// What is sent to the group reaches the child too; this process waits for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

child.once("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));

process.stdin.resume();
process.stdin.once("close", () => {
  process.kill(-process.pid, "SIGTERM");
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), GRACE_MS);
});
