import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Clock ticks by the second, in which /proc counts the time of processes. */
const TICKS = 100;

/** What a process uses, by Linux's /proc; null elsewhere. */
export interface Usage {
  rss_mb: number;
  /** Seconds of a processor since it began. */
  cpu_s: number;
}

/** The fields of a process's `stat` from its third on: its name, the second, may hold spaces. See proc_pid_stat(5). */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return null;
    throw error;
  }
}

/** The processes of the runtime that this process has started. */
export function findRuntimes(): number[] {
  if (!existsSync("/proc/self/stat")) return [];
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => {
    const [, parent] = statOf(pid) ?? [];
    return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd");
  });
}

/** What a process uses now. */
export function measureUsage(pid: number | null): Usage | null {
  if (pid === null) return null;
  const fields = statOf(pid);
  if (!fields) return null;
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  return { rss_mb: kilobytes / 1024, cpu_s: (Number(fields[11]) + Number(fields[12])) / TICKS };
}

/** The most files, and so sockets, that a process may have open; null where that is not known. */
export function mostOpenFiles(): number | null {
  if (!existsSync("/proc/self/limits")) return null;
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? null : Number(limit);
}
