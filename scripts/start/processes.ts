import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A process as the system sees it. */
export interface ProcessInfo {
  parent: number;
  command: string;
  /** When it began, in whatever the system counts; another process of the same number began at another time. */
  startedAt: string;
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH");

const HAS_PROC = existsSync("/proc/self/stat");

/** Linux: fields 3 (state), 4 (parent) and 22 (start) of `/proc/<pid>/stat`; the second is the command, in brackets. */
function fromProc(pid: number): ProcessInfo | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = text.lastIndexOf(")");
    const fields = text.slice(end + 2).split(" ");
    if (fields[0] === "Z") return null;
    return { parent: Number(fields[1]), command: text.slice(text.indexOf("(") + 1, end), startedAt: fields[19] };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function fromPs(pid: number): ProcessInfo | null {
  const columns = ["-o", "state=,ppid=,lstart=,comm=", "-p", String(pid)];
  const { stdout } = spawnSync("ps", columns, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  const match = /^(\S+)\s+(\d+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)$/.exec((stdout ?? "").trim());
  if (!match || match[1].startsWith("Z")) return null;
  return { parent: Number(match[2]), startedAt: match[3], command: match[4] };
}

/** What the system knows of a process; null where there is none, or one that has ended and is only not taken note of. */
export function readProcess(pid: number): ProcessInfo | null {
  return HAS_PROC ? fromProc(pid) : fromPs(pid);
}

/** Whether a process group has members. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    // Members that are not ours live, too.
    if (error instanceof Error && "code" in error && error.code === "EPERM") return true;
    throw error;
  }
}
