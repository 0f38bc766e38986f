import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, stateOfPort } from "../../scripts/ports.ts";
import { plainEnvironment, run, runCli, runScript } from "./command.ts";
import { countsOf } from "./import-command.ts";
import { outputOf, removeFolder, signalGroup } from "./platform.ts";
import { descendantsOf, waitForExit } from "./processes.ts";
import { copyProject } from "./project-copy.ts";

let project = "";

beforeAll(() => {
  project = copyProject();
});
afterAll(() => removeFolder(project));

const inProject = (...names: string[]): string => join(project, ...names);

/** `npm start` that was begun. */
interface Start {
  process: ChildProcess;
  url: string;
  port: number;
  output: () => string;
  /** The exit code, once it has ended. */
  ended: Promise<number | null>;
}

const seen = new Set<number>();
afterAll(async () => {
  // Whatever a failed test has left behind.
  for (const pid of await waitForExit([...seen], 0)) process.kill(pid, "SIGKILL");
});

/** Begins what `npm start` runs, in a process group of its own, as a terminal does. */
async function begin(command = process.execPath, args = ["scripts/start.ts"]): Promise<Start> {
  const port = await freePort();
  const child = spawn(command, args, {
    cwd: project,
    env: plainEnvironment({ PORT: String(port) }),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = outputOf(child);
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { process: child, url: `http://127.0.0.1:${port}`, port, output, ended };
}

async function until(what: string, met: () => boolean, seconds: number, output: () => string): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!met()) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function family(start: Start): number[] {
  const { pid } = start.process;
  if (pid === undefined) throw new Error("npm start has no process.");
  const pids = [pid, ...descendantsOf(pid)];
  for (const each of pids) seen.add(each);
  return pids;
}

async function greeted(start: Start): Promise<void> {
  await until("The first word", () => start.output().includes("wrangler"), 90, start.output);
  family(start);
  await until("The greeting", () => start.output().includes("The admin token"), 90, start.output);
}

/** Runs lines of a shell as they stand; each `curl` must be answered with success. Returns the answers' statuses. */
async function runLines(lines: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const strict = "curl() { command curl -sS --fail-with-body -o /dev/null -w '%{http_code}\\n' \"$@\"; }; set -e\n";
  const { code, stdout, stderr } = await run("bash", ["-c", strict + lines], { cwd: project, env });
  if (code !== 0) throw new Error(`${lines}\nended with ${code}:\n${stdout}${stderr}`);
  return stdout.trim().split("\n");
}

const lockFile = (): string => inProject(".wrangler", "state", "start.lock");

/** Those of some processes whose command line has one of these parts. */
function commandsLike(pids: readonly number[], ...parts: string[]): number[] {
  return pids.filter((pid) => {
    const line = execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
    return parts.some((part) => line.includes(part)) && !/workerd |esbuild/.test(line);
  });
}

const adminToken = (): string =>
  /^ADMIN_TOKEN="([0-9a-f]{48})"$/m.exec(readFileSync(inProject(".dev.vars"), "utf8"))?.[1] ?? "";

test("npm start and npm test are what is tested here", () => {
  const { scripts } = JSON.parse(readFileSync(inProject("package.json"), "utf8"));
  expect(scripts.prestart).toBe("node scripts/ensure-installed.mjs");
  expect(scripts.start).toBe("node scripts/start.ts");
});

describe("npm start refuses in one sentence", () => {
  test.each(["0", "65536", "80.5", "-1", "http", "8787x"])("the port %j", async (port) => {
    const { code, stdout, stderr } = await runScript("start.ts", [], { PORT: port }, project);
    expect(stderr).toBe(`PORT is "${port}"; it must be a number from 1 to 65535.\n`);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  test("a port that is in use, and touches nothing", async () => {
    const holder = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => holder.listen(port, "127.0.0.1", resolve));
    const { code, stdout, stderr } = await runScript("start.ts", [], { PORT: String(port) }, project);
    await new Promise((resolve) => holder.close(resolve));
    expect(stderr).toBe(
      `Port ${port} is in use. Stop what listens there, or choose another port: PORT=8790 npm start\n`,
    );
    expect(stdout).toBe("");
    expect(code).toBe(1);
    expect(existsSync(inProject(".wrangler"))).toBe(false);
  });
});

describe("setting up", () => {
  test("makes an admin token that only its owner can read, the pages and the database", async () => {
    const { code, stderr } = await runScript("set-up.ts", [], {}, project);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(adminToken()).not.toBe("");
    expect(statSync(inProject(".dev.vars")).mode & 0o777).toBe(0o600);
    for (const page of ["index.html", "docs/index.html", "docs/swagger-ui-bundle.js"]) {
      expect(existsSync(inProject("dist", "assets", page)), page).toBe(true);
    }
  });

  test("again leaves the secrets as they are, the person's own included", async () => {
    const first = readFileSync(inProject(".dev.vars"), "utf8");
    expect((await runScript("set-up.ts", [], {}, project)).code).toBe(0);
    expect(readFileSync(inProject(".dev.vars"), "utf8")).toBe(first);
    writeFileSync(inProject(".dev.vars"), "ADMIN_TOKEN=mine\n");
    expect((await runScript("set-up.ts", [], {}, project)).code).toBe(0);
    expect(readFileSync(inProject(".dev.vars"), "utf8")).toBe("ADMIN_TOKEN=mine\n");
  });

  test("makes another token each time that there is none", async () => {
    const tokens = new Set<string>();
    for (let i = 0; i < 2; i++) {
      rmSync(inProject(".dev.vars"));
      expect((await runScript("set-up.ts", [], {}, project)).code).toBe(0);
      tokens.add(adminToken());
    }
    expect(tokens.size).toBe(2);
  });
});

describe("a platform that npm start runs", () => {
  const OLD_KEY = "an-idempotency-key-of-long-ago";
  let start: Start;

  /** The file of the local database. */
  function databaseFile(): string {
    const folder = inProject(".wrangler", "state", "v3", "d1", "miniflare-D1DatabaseObject");
    const [name] = readdirSync(folder).filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite");
    return join(folder, name);
  }

  /** Whether the key is still there; while the platform holds the file for itself, as far as one knows. */
  function hasOldKey(): boolean {
    const database = new DatabaseSync(databaseFile(), { readOnly: true, timeout: 2_000 });
    try {
      return database.prepare("select key from idempotency_keys where key = ?").get(OLD_KEY) !== undefined;
    } catch (error) {
      if (error instanceof Error && error.message === "database is locked") return true;
      throw error;
    } finally {
      database.close();
    }
  }

  beforeAll(async () => {
    const database = new DatabaseSync(databaseFile());
    database.prepare("insert into idempotency_keys (key, fingerprint, created_at) values (?, '', 0)").run(OLD_KEY);
    database.close();
    start = await begin();
    await greeted(start);
  });

  test("shows nothing that means nothing, and last what to try, where the documentation is and where the token lies", () => {
    const output = start.output();
    expect(output).not.toMatch(
      /\bWARNING\b|:warn\]|might be out of date|not automatically triggered|Request\.cf|update available/i,
    );
    expect(output.trimEnd().split("\n").slice(-7)).toEqual([
      "Three things to try:",
      ...[1, 2, 3].map(() => expect.stringMatching(/^ {2}curl /)),
      "",
      `The API's documentation is at ${start.url}/docs/`,
      expect.stringMatching(/^The admin token.* is ADMIN_TOKEN in .*\.dev\.vars$/),
    ]);
    expect(output).toContain(inProject(".dev.vars"));
  });

  test("is alone on its data: a second start says where the first is, and touches nothing", async () => {
    const before = readFileSync(lockFile(), "utf8");
    const port = String(await freePort());
    const { code, stdout, stderr } = await runScript("start.ts", [], { PORT: port }, project);
    const { pid } = start.process;
    expect(stderr).toBe(
      `WizData Edge runs on this folder's data already, at ${start.url} (process ${pid}). Use it, or stop it before you start another.\n`,
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(readFileSync(lockFile(), "utf8")).toBe(before);
    expect((await fetch(`${start.url}/ready`)).status).toBe(200);
  });

  test("greets with three things to try, each of which works as printed", async () => {
    const lines = start.output().match(/^ {2}curl .+$/gm) ?? [];
    expect(lines.length).toBe(3);
    for (const line of lines) expect(line).toContain(start.url);
    expect(await runLines(lines.join("\n"))).toEqual(["200", "200", "200"]);
    expect(start.output()).toContain(`${start.url}/docs/`);
  });

  test("serves a page of documentation that asks no other server for anything", async () => {
    const response = await fetch(`${start.url}/docs/`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toContain("text/html");
    const page = await response.text();
    expect(page).not.toMatch(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]/i);
    const addresses = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, address]) => address);
    expect(addresses.length).toBeGreaterThanOrEqual(3);
    for (const address of addresses) {
      const resource = await fetch(new URL(address, `${start.url}/docs/`));
      expect([address, resource.status, resource.url.startsWith(start.url)]).toEqual([address, 200, true]);
      if (!address.endsWith(".css")) continue;
      expect(await resource.text()).not.toMatch(/(?:@import|url\()\s*["']?(?:https?:)?\/\//);
    }
    const script = await (await fetch(`${start.url}/docs/docs.js`)).text();
    expect(script).not.toMatch(/https?:\/\//);
    expect((await fetch(`${start.url}/openapi.json`)).status).toBe(200);
  });

  test("imports a file with the token that was made for it", async () => {
    writeFileSync(inProject("gold.csv"), "time,close\n2024-01-02,18.5\n2024-01-03,18.75\n");
    const args = ["--symbol", "GBP/ZAR", "--interval", "1d", "--file", "gold.csv"];
    const imported = await runCli(["import", ...args], { PORT: String(start.port) }, project);
    expect(imported.stderr).toBe("");
    expect(countsOf(imported)).toMatchObject({ read: 2, stored: 2 });
  });

  const README = existsSync(new URL("../../README.md", import.meta.url));

  test.skipIf(!README)("answers every curl of the README with success", async () => {
    const readme = readFileSync(inProject("README.md"), "utf8").replaceAll("127.0.0.1:8787", `127.0.0.1:${start.port}`);
    // Every second part between fences is a block; its first line says what language it is in.
    const blocks = readme.split(/^```/m).filter((_, i) => i % 2 === 1);
    const commands = blocks.filter((block) => /^(sh|bash)?\n/.test(block)).map((block) => block.replace(/^.*\n/, ""));
    const asking = commands.filter((block) => /^ *curl /m.test(block) && block.includes(start.url));
    expect(asking.length).toBeGreaterThan(0);
    const statuses: string[] = [];
    for (const block of asking) statuses.push(...(await runLines(block, { ADMIN_TOKEN: adminToken() })));
    expect(statuses.length).toBe(asking.join("").match(/^ *curl /gm)?.length);
    for (const status of statuses) expect(status).toMatch(/^20[01]$/);
  });

  test("has its crons called: within a minute it forgets an Idempotency-Key of long ago", async () => {
    await until("The cron", () => !hasOldKey(), 90, start.output);
    expect(start.output()).not.toContain("The cron");
  });

  test("stops with all that it started when Ctrl-C is pressed, and frees its port", async () => {
    const processes = family(start);
    expect(processes.length).toBeGreaterThan(2);
    signalGroup(start.process, "SIGINT");
    expect(await start.ended).toBe(0);
    expect(await waitForExit(processes)).toEqual([]);
    expect(await stateOfPort(start.port)).toBe("free");
    expect(existsSync(lockFile())).toBe(false);
  });
});

/** What is killed at once, of all that npm start has started. */
const KILLED: [string, (start: Start, processes: readonly number[]) => number[]][] = [
  ["its start script", (_, processes) => commandsLike(processes, "scripts/start.ts").slice(-1)],
  ["its start script and wrangler", (_, processes) => commandsLike(processes, "scripts/start.ts", "wrangler")],
];

describe("nothing goes on and the next start finds its data free", () => {
  const startAgain = async (): Promise<void> => {
    const again = await begin();
    await greeted(again);
    const processes = family(again);
    signalGroup(again.process, "SIGINT");
    expect(await again.ended).toBe(0);
    expect(await waitForExit(processes)).toEqual([]);
  };

  test.each(KILLED)("where %s is killed", async (_, victims) => {
    const start = await begin();
    await greeted(start);
    const processes = family(start);
    const killed = victims(start, processes);
    expect(killed.length).toBeGreaterThan(0);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    // Where no part of it is left that could end the rest, and the system does not, the next start does.
    if (killed.length === 1) expect(await waitForExit(processes)).toEqual([]);
    await startAgain();
    expect(await waitForExit(processes)).toEqual([]);
  });

  test.each(["SIGKILL", "SIGTERM"] as const)("where npm gets %s", async (signal) => {
    // Without the script before it, which would install into what this copy only borrows.
    const start = await begin("npm", ["start", "--ignore-scripts"]);
    await greeted(start);
    const processes = family(start);
    const [npm] = processes;
    process.kill(npm, signal);
    expect(await waitForExit(processes)).toEqual([]);
    expect(await stateOfPort(start.port)).toBe("free");
    await startAgain();
  });
});

test("Ctrl-C while npm start is starting stops everything too", async () => {
  const start = await begin();
  await until("The first word", () => start.output().includes("wrangler"), 60, start.output);
  const processes = family(start);
  signalGroup(start.process, "SIGINT");
  expect(await start.ended).toBe(0);
  expect(await waitForExit(processes)).toEqual([]);
  expect(start.output()).not.toContain("Three things to try");
});

test("npm start ends with an error where its server dies, and leaves nothing behind", async () => {
  const start = await begin();
  await greeted(start);
  const processes = family(start);
  const [, server] = processes;
  process.kill(server, "SIGKILL");
  expect(await start.ended).toBe(1);
  expect(await waitForExit(processes)).toEqual([]);
  expect(await stateOfPort(start.port)).toBe("free");
});
