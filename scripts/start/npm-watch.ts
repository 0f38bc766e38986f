import { readProcess } from "./processes.ts";

const SHELL = /^-?(?:.*\/)?(?:ba|da|z|k|a)?sh$/;
const CHECK_INTERVAL_MS = 1_000;

/** npm's process, and the shell that it may have put between: numbers and births of what ends together with us. */
function npmProcesses(): { pid: number; birth: string }[] {
  if (process.env.npm_lifecycle_event !== "start") return [];
  const parent = readProcess(process.ppid);
  if (!parent) return [];
  const watched = [{ pid: process.ppid, birth: parent.startedAt }];
  const above = SHELL.test(parent.command) ? readProcess(parent.parent) : null;
  if (above) watched.push({ pid: parent.parent, birth: above.startedAt });
  return watched;
}

/**
 * Calls `gone` once npm, where it has started this process, is there no more: it passes its end on to a shell, and not at all where
 * it is killed.
 */
export function whenNpmIsGone(gone: () => void): void {
  const watched = npmProcesses();
  const parent = process.ppid;
  if (watched.length === 0) return;
  const timer = setInterval(() => {
    const isThere = process.ppid === parent && watched.every(({ pid, birth }) => readProcess(pid)?.startedAt === birth);
    if (isThere) return;
    clearInterval(timer);
    gone();
  }, CHECK_INTERVAL_MS);
  timer.unref();
}
