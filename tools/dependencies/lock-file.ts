import { z } from "zod";

const versions = z.record(z.string(), z.string()).default({});

/** What is looked at of package.json. */
export const ManifestSchema = z.looseObject({
  dependencies: versions,
  devDependencies: versions,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
  workspaces: z.array(z.string()).default([]),
});

export type Manifest = z.infer<typeof ManifestSchema>;

/** What is looked at of package-lock.json. */
export const LockFileSchema = z.looseObject({
  lockfileVersion: z.number(),
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
      dependencies: versions,
      devDependencies: versions,
    }),
  ),
});

export type LockFile = z.infer<typeof LockFileSchema>;
type Package = LockFile["packages"][string];

const DEPENDENCY_KINDS = ["dependencies", "devDependencies"] as const;
type DependencyKind = (typeof DEPENDENCY_KINDS)[number];

const REGISTRY = "https://registry.npmjs.org/";
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** Licences that ask for no more than their own text to be passed on. */
const PERMISSIVE = new Set([
  "MIT",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
]);
/** Licences of tools that are run and not passed on. */
const OF_TOOLS = new Set([...PERMISSIVE, "MPL-2.0", "LGPL-3.0-or-later"]);

/** Packages that do not say their licence where npm looks for it, and what their own files say. */
const UNSTATED: ReadonlyMap<string, string> = new Map([["reserved", "MIT"]]);

/** Packages of which two versions would not work together. */
const SINGLE = ["workerd", "hono"];

const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** Whether a licence expression (SPDX) can be kept: one of several that may be chosen, all of those that hold together. */
function isAccepted(expression: string, accepted: ReadonlySet<string>): boolean {
  const plain = expression.replace(/[()]/g, "");
  return plain.split(" OR ").some((choice) => choice.split(" AND ").every((name) => accepted.has(name.trim())));
}

function faultsOfPackage(path: string, found: Package, manifest: Manifest): string[] {
  const name = nameOf(path);
  const say = (fault: string): string => `${name}@${found.version ?? "?"}: ${fault}`;
  const faults: string[] = [];
  if (found.link) faults.push(say("is a link to a folder"));
  if (!EXACT.test(found.version ?? "")) faults.push(say("has no exact version"));
  if (!found.integrity?.startsWith("sha512-")) faults.push(say("has no SHA-512 of its content"));
  if (found.resolved !== undefined && !found.resolved.startsWith(REGISTRY)) {
    faults.push(say(`comes from ${found.resolved}`));
  }
  const licence = found.license ?? UNSTATED.get(name);
  if (licence === undefined) faults.push(say("states no licence"));
  else if (!isAccepted(licence, found.dev ? OF_TOOLS : PERMISSIVE)) faults.push(say(`has the licence ${licence}`));
  if (found.hasInstallScript && manifest.allowScripts[name] === undefined) {
    faults.push(say("runs a script when it is installed, and allowScripts does not say whether it may"));
  }
  return faults;
}

/** What is wrong with what one package.json asks for. */
function faultsOfRequests(
  file: string,
  asked: Pick<Manifest, DependencyKind>,
  locked: Pick<Package, DependencyKind> | undefined,
  packages: LockFile["packages"],
  documentation: string,
): string[] {
  const faults: string[] = [];
  for (const kind of DEPENDENCY_KINDS) {
    for (const [name, version] of Object.entries(asked[kind])) {
      if (!EXACT.test(version)) faults.push(`${file} asks for ${name}@${version}, which is no exact version`);
      const found = packages[`node_modules/${name}`]?.version;
      if (locked?.[kind][name] !== version || found !== version) {
        faults.push(`${file} asks for ${name}@${version}, and package-lock.json has ${found ?? "none"}`);
      }
      const named = `^\\|[^|]*(?<![\\w/@-])${name.replace(/[/.]/g, "\\$&")}(?![\\w/-])[^|]*\\|`;
      if (!new RegExp(named, "m").test(documentation)) {
        faults.push(`docs/dependencies.md does not say why ${name} is there`);
      }
    }
  }
  return faults;
}

/**
 * What is wrong with the dependencies, from files alone. The project's own workspaces are no dependencies, but what they ask for is.
 * @param documentation the text of docs/dependencies.md, which says of each direct one why it is there
 */
export function faultsOfDependencies(manifest: Manifest, lock: LockFile, documentation: string): string[] {
  const { "": root, ...packages } = lock.packages;
  const isOwn = (path: string, { link, resolved }: Package): boolean =>
    manifest.workspaces.includes(path) || (link === true && manifest.workspaces.includes(resolved ?? ""));
  const faults = Object.entries(packages).flatMap(([path, found]) =>
    isOwn(path, found) ? [] : faultsOfPackage(path, found, manifest),
  );
  if (lock.lockfileVersion !== 3) faults.push(`package-lock.json has the version ${lock.lockfileVersion}, not 3`);
  faults.push(...faultsOfRequests("package.json", manifest, root, packages, documentation));
  for (const workspace of manifest.workspaces) {
    const own = packages[workspace];
    if (own) faults.push(...faultsOfRequests(`${workspace}/package.json`, own, own, packages, documentation));
    else faults.push(`package-lock.json does not know the workspace ${workspace}`);
  }
  const names = Object.keys(packages).map(nameOf);
  for (const single of SINGLE) {
    const copies = names.filter((name) => name === single).length;
    if (copies !== 1) faults.push(`there are ${copies} copies of ${single}`);
  }
  for (const name of Object.keys(manifest.allowScripts)) {
    if (!names.includes(name)) faults.push(`allowScripts names ${name}, which is not installed`);
  }
  return faults;
}
