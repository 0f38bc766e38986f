import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isGroupAlive, readProcess } from "./processes.ts";

/** Who works on a state folder. */
const HolderSchema = z.object({
  pid: z.number().int().positive(),
  /** When that process began: another one may have its number later. */
  birth: z.string(),
  url: z.string(),
  /** The process group of its server; null before there is one. */
  group: z.number().int().positive().nullable(),
});

type Holder = z.infer<typeof HolderSchema>;

/** Another platform works on the folder. */
export class StateInUse extends Error {
  override readonly name = "StateInUse";

  constructor({ pid, url }: Holder) {
    super(
      `WizData Edge runs on this folder's data already, at ${url} (process ${pid}). Use it, or stop it before you start another.`,
    );
  }
}

/** A state folder that no other caller may use until it is released. */
export interface StateLock {
  /** Notes the process group of the server, so that what is left of it can be ended should this process be killed. */
  setGroup(group: number): void;
  release(): void;
}

/** What is killed is gone after this, unless it only waits for its parent to take note. */
const MAX_EXIT_MS = 2_000;

const fileOf = (folder: string): string => join(folder, "start.lock");
const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null);

/** What a lock file says; null where there is none, or nothing that could be read. */
function read(file: string): Holder | null {
  try {
    return HolderSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

const isAlive = ({ pid, birth }: Holder): boolean => readProcess(pid)?.startedAt === birth;

/**
 * Ends what a killed start has left of its server. A number of a group is not given away while the group has members, so that
 * members without a leader can only be that server's.
 */
async function endLeftovers({ group }: Holder): Promise<void> {
  if (group === null || readProcess(group) !== null || !isGroupAlive(group)) return;
  process.kill(-group, "SIGKILL");
  const deadline = Date.now() + MAX_EXIT_MS;
  while (isGroupAlive(group) && Date.now() < deadline) await pause(20);
}

/** Writes a lock whole or not at all; false where there is one. */
function create(file: string, holder: Holder): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Only one process at a time takes a stale lock away, or it would take the new one of another; a killed one's turn ends after this. */
const MAX_CLEANUP_MS = 5_000;

async function clearStale(file: string): Promise<void> {
  const cleanupLock = `${file}.turn`;
  try {
    mkdirSync(cleanupLock);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const since = statSync(cleanupLock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > MAX_CLEANUP_MS) rmSync(cleanupLock, { recursive: true, force: true });
    return pause(20);
  }
  const holder = read(file);
  if (holder === null || !isAlive(holder)) rmSync(file, { force: true });
  rmSync(cleanupLock, { recursive: true, force: true });
}

/**
 * Ensures that nothing works on a folder: what a killed start has left of its server is ended.
 * @throws StateInUse where another platform works on the folder
 */
export async function checkState(folder: string): Promise<void> {
  const holder = read(fileOf(folder));
  if (holder === null) return;
  if (isAlive(holder)) throw new StateInUse(holder);
  await endLeftovers(holder);
}

/**
 * Takes a state folder for this process. A lock whose process is gone, or whose number another process has now, is taken over.
 * @throws StateInUse where another platform works on the folder
 */
export async function lockState(folder: string, url: string): Promise<StateLock> {
  mkdirSync(folder, { recursive: true });
  const file = fileOf(folder);
  const own: Holder = { pid: process.pid, birth: readProcess(process.pid)?.startedAt ?? "", url, group: null };
  while (!create(file, own)) {
    await checkState(folder);
    await clearStale(file);
  }
  return {
    setGroup(group) {
      const draft = `${file}.${process.pid}`;
      writeFileSync(draft, JSON.stringify({ ...own, group }));
      renameSync(draft, file);
    },
    release() {
      const holder = read(file);
      if (holder?.pid === own.pid && holder.birth === own.birth) rmSync(file);
    },
  };
}
