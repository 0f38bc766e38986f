import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/dev-vars.ts";
import { faultsOfDependencies, LockFileSchema, ManifestSchema } from "../../tools/dependencies/lock-file.ts";

const text = (name: string): string => readFileSync(join(ROOT, name), "utf8");
const HASH = "sha512-AAAA";

/** A project with one dependency and what the rules want beside it, and one more locked package. */
function faultsWith(changed: Record<string, unknown>, manifest: Record<string, unknown> = {}, path = "node_modules/x") {
  const good = { version: "1.0.0", integrity: HASH, license: "MIT" };
  const direct = { hono: "1.0.0" };
  return faultsOfDependencies(
    ManifestSchema.parse({ dependencies: direct, ...manifest }),
    LockFileSchema.parse({
      lockfileVersion: 3,
      packages: {
        "": { dependencies: direct },
        "node_modules/hono": good,
        "node_modules/workerd": { ...good, dev: true },
        [path]: { ...good, ...changed },
      },
    }),
    "| package | why |\n| hono | router |\n",
  );
}

describe("the dependencies", () => {
  test("of this project are as they should be", () => {
    const manifest = ManifestSchema.parse(JSON.parse(text("package.json")));
    const lock = LockFileSchema.parse(JSON.parse(text("package-lock.json")));
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(faultsOfDependencies(manifest, lock, text("docs/dependencies.md"))).toEqual([]);
  });

  test.each([
    [{}],
    [{ license: "(MIT OR GPL-3.0)" }],
    [{ license: "Apache-2.0 AND MIT" }],
    [{ license: "MPL-2.0", dev: true }],
    [{ resolved: "https://registry.npmjs.org/x/-/x-1.0.0.tgz" }],
  ])("may be like this: %j", (changed) => {
    expect(faultsWith(changed)).toEqual([]);
  });

  test("may be asked for by a workspace, which is none itself", () => {
    const own = { version: "0.1.0", license: undefined, integrity: undefined };
    const linked = { ...own, dependencies: { hono: "1.0.0" } };
    expect(faultsWith(linked, { workspaces: ["cli"] }, "cli")).toEqual([]);
    const other = { ...own, dependencies: { hono: "^1.0.0" } };
    const faults = [
      expect.stringMatching(/^cli\/package\.json asks for hono.*no exact/),
      expect.stringMatching(/has 1\.0\.0/),
    ];
    expect(faultsWith(other, { workspaces: ["cli"] }, "cli")).toEqual(faults);
    expect(faultsWith({ link: true, resolved: "lib" }, { workspaces: ["cli"] })).toContainEqual(
      expect.stringMatching(/link to a folder/),
    );
  });

  test.each([
    [{ integrity: undefined }, /no SHA-512/],
    [{ integrity: "sha1-AAAA" }, /no SHA-512/],
    [{ version: "^1.0.0" }, /no exact version/],
    [{ resolved: "https://elsewhere.test/x.tgz" }, /comes from https:\/\/elsewhere\.test/],
    [{ resolved: "git+ssh://git@github.com/x/x.git" }, /comes from git/],
    [{ link: true }, /link to a folder/],
    [{ license: undefined }, /states no licence/],
    [{ license: "GPL-3.0", dev: true }, /the licence GPL-3\.0/],
    [{ license: "MPL-2.0" }, /the licence MPL-2\.0/],
    [{ license: "MIT AND GPL-3.0", dev: true }, /the licence MIT AND GPL/],
    [{ hasInstallScript: true }, /runs a script/],
  ])("may not be like this: %j", (changed, fault) => {
    expect(faultsWith(changed)).toEqual([expect.stringMatching(fault)]);
  });

  test("may run a script where that was decided", () => {
    expect(faultsWith({ hasInstallScript: true }, { allowScripts: { x: false } })).toEqual([]);
    expect(faultsWith({}, { allowScripts: { y: true } })).toEqual([expect.stringContaining("allowScripts names y")]);
  });

  test("are named exactly, locked as named, explained, and there once", () => {
    expect(faultsWith({}, { dependencies: { hono: "^1.0.0" } })).toHaveLength(2);
    expect(faultsWith({}, { dependencies: { hono: "2.0.0" } })).toEqual([expect.stringContaining("has 1.0.0")]);
    const added = faultsWith({}, { devDependencies: { x: "1.0.0" } });
    expect(added).toContain("docs/dependencies.md does not say why x is there");
    const twice = faultsWith({ dev: true }, {}, "node_modules/y/node_modules/workerd");
    expect(twice).toEqual(["there are 2 copies of workerd"]);
  });
});
