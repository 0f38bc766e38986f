import { spawnSync } from "node:child_process";

const LOOK_EVERY_MS = 500;

interface Ancestor {
  pid: number;
  parent: number;
  command: string;
}

function processOf(pid: number): Ancestor | null {
  const { status, stdout } = spawnSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" });
  const match = status === 0 ? /^\s*(\d+)\s+(.*)$/.exec(stdout.trim()) : null;
  return match && { pid, parent: Number(match[1]), command: match[2] };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code === "EPERM";
    throw error;
  }
}

/**
 * The npm that runs this script, and the shell between them, as far as they can be seen: npm passes its own end on to the shell alone
 * (npm's run-script), and not even that if it is killed.
 */
function npmAbove(): number[] {
  if (!process.env.npm_lifecycle_event) return [];
  const parent = processOf(process.ppid);
  if (!parent) return [process.ppid];
  const above = processOf(parent.parent);
  return above && /\bnpm\b/.test(above.command) ? [parent.pid, above.pid] : [parent.pid];
}

/** Calls back once npm, which runs this script, or its shell is gone. Without npm there is nothing to watch. */
export function watchNpm(onGone: () => void): void {
  const ancestors = npmAbove();
  if (ancestors.length === 0) return;
  const timer = setInterval(() => {
    if (ancestors.every(isThere)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
}
