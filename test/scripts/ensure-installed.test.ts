import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../../scripts/dev-vars.ts";

let project = "";

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "wizdata-install-"));
  mkdirSync(join(project, "scripts"));
  cpSync(join(ROOT, "scripts", "ensure-installed.mjs"), join(project, "scripts", "ensure-installed.mjs"));
  writeFileSync(join(project, "package-lock.json"), "{}");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** Runs the script with an npm that only notes how it was called. */
function ensureInstalled(npmStatus = 0) {
  const npm = join(project, "npm.cjs");
  writeFileSync(
    npm,
    `require("node:fs").writeFileSync(__dirname + "/called.json",
       JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() })); process.exit(${npmStatus});`,
  );
  const { status, stderr } = spawnSync(process.execPath, [join(project, "scripts", "ensure-installed.mjs")], {
    env: { ...process.env, npm_execpath: npm },
    encoding: "utf8",
  });
  const note = join(project, "called.json");
  const called: unknown = existsSync(note) ? JSON.parse(readFileSync(note, "utf8")) : null;
  return { status, stderr, called };
}

/** Pretends that an installation ended that many seconds after the lock file was written. */
function installed(secondsAfterLock: number): void {
  const stamp = join(project, "node_modules", ".package-lock.json");
  mkdirSync(join(project, "node_modules"), { recursive: true });
  writeFileSync(stamp, "{}");
  utimesSync(join(project, "package-lock.json"), 1e9, 1e9);
  utimesSync(stamp, 1e9 + secondsAfterLock, 1e9 + secondsAfterLock);
}

const CI = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];

test("every script of the project makes sure first that its dependencies are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const names = Object.keys(scripts);
  const own = names.filter((name) => !(name.startsWith("pre") && names.includes(name.slice(3))));
  expect(own.length).toBeGreaterThan(15);
  for (const name of own) expect([name, scripts[`pre${name}`]]).toEqual([name, "node scripts/ensure-installed.mjs"]);
});

test("a fresh installation is left alone, without a word", () => {
  installed(10);
  expect(ensureInstalled()).toEqual({ status: 0, stderr: "", called: null });
});

test("what is missing is installed from the lock file, in the project's folder", () => {
  const { status, stderr, called } = ensureInstalled();
  expect(called).toEqual({ args: CI, cwd: project });
  expect(stderr).toContain("Installing the dependencies");
  expect(status).toBe(0);
});

test("what is older than the lock file is installed again", () => {
  installed(-10);
  expect(ensureInstalled().called).toMatchObject({ args: CI });
});

test("an installation that broke off is begun again", () => {
  mkdirSync(join(project, "node_modules", "half"), { recursive: true });
  expect(ensureInstalled().called).toMatchObject({ args: CI });
});

test("a failed installation stops what would follow, with npm's own code", () => {
  expect(ensureInstalled(7).status).toBe(7);
});
