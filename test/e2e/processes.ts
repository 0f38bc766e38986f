import { execFileSync } from "node:child_process";

interface Process {
  pid: number;
  parent: number;
}

/** Every process of this machine that still runs. One that has ended and waits for its parent is none. */
function running(): Process[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [pid, parent, state] = line.trim().split(/\s+/);
    return state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent) }];
  });
}

/** The processes that a process has started, and theirs. */
export function descendantsOf(pid: number): number[] {
  const all = running();
  const childrenOf = (parent: number): number[] =>
    all.filter((process) => process.parent === parent).flatMap((child) => [child.pid, ...childrenOf(child.pid)]);
  return childrenOf(pid);
}

/** Which of some processes still run after all had some seconds to end. */
export async function waitForExit(pids: readonly number[], seconds = 10): Promise<number[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const still = new Set(running().map(({ pid }) => pid));
    const left = pids.filter((pid) => still.has(pid));
    if (left.length === 0 || Date.now() >= deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
