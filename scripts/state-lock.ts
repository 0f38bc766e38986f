import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Lock = z.object({ pid: z.number().int().positive(), startedAt: z.string().nullable() });
type Lock = z.infer<typeof Lock>;

/** When a process began, in the system's own count, so that a number that was given again is told from the process that had it; null if unknown. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The 22nd field, starttime; the second, the name, may hold blanks. See proc_pid_stat(5).
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

function isRunning({ pid, startedAt }: Lock): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user runs all the same.
    if (error instanceof Error && "code" in error) return error.code === "EPERM";
    throw error;
  }
  return startedAt === null || startOf(pid) === null || startOf(pid) === startedAt;
}

/** The lock in a file; null if there is none, or it is not one. */
function readLock(file: string): Lock | null {
  try {
    return Lock.safeParse(JSON.parse(readFileSync(file, "utf8"))).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error && error.code === "ENOENT"))
      return null;
    throw error;
  }
}

/**
 * Takes a folder of data for this process, until it ends. A lock whose process has ended is taken over.
 * @returns the process that has the folder; null once it is this one's
 */
export function lockState(folder: string): number | null {
  const file = join(folder, "platform.lock");
  const own: Lock = { pid: process.pid, startedAt: startOf(process.pid) };
  mkdirSync(folder, { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(own), { flag: "wx" });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const held = readLock(file);
    if (held && isRunning(held)) return held.pid;
    rmSync(file, { force: true });
  }
  process.once("exit", () => {
    if (readLock(file)?.pid === process.pid) rmSync(file, { force: true });
  });
  return null;
}
