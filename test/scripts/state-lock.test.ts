import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readProcess } from "../../scripts/start/processes.ts";
import { checkState, lockState, StateInUse } from "../../scripts/start/state-lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wizdata-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const URL_OF_IT = "http://127.0.0.1:8787";
const file = () => join(folder, "start.lock");
const held = (): { pid: number; group: number | null } => JSON.parse(readFileSync(file(), "utf8"));
const write = (holder: unknown) => writeFileSync(file(), typeof holder === "string" ? holder : JSON.stringify(holder));
const birth = readProcess(process.pid)?.startedAt ?? "";
const living = { pid: process.pid, birth, url: URL_OF_IT, group: null };

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid ?? 0;
}

describe("a state folder", () => {
  test("is one's own until it is released", async () => {
    const lock = await lockState(folder, URL_OF_IT);
    expect(held()).toEqual(living);
    await expect(lockState(folder, URL_OF_IT)).rejects.toThrow(StateInUse);
    await expect(checkState(folder)).rejects.toThrow(`at ${URL_OF_IT} (process ${process.pid})`);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    await checkState(folder);
  });

  test("is made where there is none", async () => {
    const lock = await lockState(join(folder, "a", "b"), URL_OF_IT);
    expect(existsSync(join(folder, "a", "b", "start.lock"))).toBe(true);
    lock.release();
  });

  test.each<[string, () => Promise<unknown>]>([
    ["whose process has ended", async () => ({ ...living, pid: await deadPid() })],
    ["whose number another process has now", async () => ({ ...living, birth: `${birth}0` })],
    ["that is half written", async () => '{"pid": 1'],
    ["that says nothing of a process", async () => ({ pid: "1" })],
    ["that is empty", async () => ""],
  ])("is taken over from a lock %s", async (_, left) => {
    write(await left());
    const lock = await lockState(folder, URL_OF_IT);
    expect(held()).toEqual(living);
    expect(readdirSync(folder)).toEqual(["start.lock"]);
    lock.release();
  });

  test("is not released for another caller", async () => {
    const lock = await lockState(folder, URL_OF_IT);
    write({ ...living, birth: "another" });
    lock.release();
    expect(existsSync(file())).toBe(true);
  });

  test("is had by one of many that want it at once, a stale lock or not", async () => {
    for (const stale of [false, true]) {
      if (stale) write({ ...living, pid: await deadPid() });
      const tries = Array.from({ length: 6 }, () => lockInAnotherProcess());
      const codes = await Promise.all(tries.map(({ code }) => code));
      expect(codes.sort()).toEqual(["held", "refused", "refused", "refused", "refused", "refused"]);
      for (const { end } of tries) await end();
    }
  });

  test("is freed of what a killed start has left of its server", async () => {
    // A leader that ends and leaves a member of its group behind, as wrangler does when it is killed.
    const script = "require('node:child_process').spawn('sleep', ['60'], { stdio: 'ignore' }).unref()";
    const leader = spawn(process.execPath, ["-e", script], { detached: true, stdio: "ignore" });
    await new Promise((resolve) => leader.once("exit", resolve));
    const group = leader.pid ?? 0;
    expect(() => process.kill(-group, 0)).not.toThrow();
    write({ ...living, pid: await deadPid(), group });
    const lock = await lockState(folder, URL_OF_IT);
    await expect.poll(() => membersOf(group), { timeout: 10_000 }).toEqual([]);
    lock.release();
  });
});

/** The living members of a process group. */
function membersOf(group: number): string[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pgid=,stat=,args="], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => {
    const [number, state] = line.trim().split(/\s+/);
    return Number(number) === group && !state.startsWith("Z");
  });
}

/** Another process that takes the folder, says what came of it, and keeps it until it is ended. */
function lockInAnotherProcess() {
  const module = JSON.stringify(new URL("../../scripts/start/state-lock.ts", import.meta.url).href);
  const script = `
    const { lockState } = await import(${module});
    await lockState(${JSON.stringify(folder)}, "x").then(() => console.log("held"), () => console.log("refused"));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const code = new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data).trim())));
  const end = () =>
    new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return { code, end };
}
