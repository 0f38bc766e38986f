import { processFacts } from "./processes.ts";

const SHELL = /^-?(?:.*\/)?(?:ba|da|z|k|a)?sh$/;
const EVERY_MS = 1_000;

/** npm's process, and the shell that it may have put between: numbers and births of what ends together with us. */
function npmAbove(): { pid: number; birth: string }[] {
  if (process.env.npm_lifecycle_event !== "start") return [];
  const parent = processFacts(process.ppid);
  if (!parent) return [];
  const watched = [{ pid: process.ppid, birth: parent.birth }];
  const above = SHELL.test(parent.command) ? processFacts(parent.parent) : null;
  if (above) watched.push({ pid: parent.parent, birth: above.birth });
  return watched;
}

/**
 * Calls `gone` once npm, where it has started this process, is there no more: it passes its end on to a shell, and not at all where
 * it is killed.
 */
export function whenNpmIsGone(gone: () => void): void {
  const watched = npmAbove();
  const parent = process.ppid;
  if (watched.length === 0) return;
  const timer = setInterval(() => {
    const isThere = process.ppid === parent && watched.every(({ pid, birth }) => processFacts(pid)?.birth === birth);
    if (isThere) return;
    clearInterval(timer);
    gone();
  }, EVERY_MS);
  timer.unref();
}
