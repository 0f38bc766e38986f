import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

const ROOT = new URL("../../", import.meta.url);

/** The folders that hold code, tests aside. */
export const CODE_FOLDERS: readonly string[] = [
  "core",
  "contracts",
  "observability",
  "providers",
  "storage",
  "durable-objects",
  "workers",
  "web",
  "bench",
  "cli",
  "scripts",
  "tools",
];

/** A text file of the project; its path is relative to the root, with forward slashes. */
export interface Source {
  path: string;
  text: string;
}

/** Reads every file below a folder whose name ends as given. */
export function filesBelow(folder: string, ending: RegExp): Source[] {
  if (!existsSync(new URL(folder, ROOT))) return [];
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => ending.test(path) && !path.includes("node_modules/"))
    .map((path) => ({ path, text: readText(path) }));
}

export const readText = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

export const fileExists = (path: string): boolean => existsSync(new URL(path, ROOT));

const CODE = /\.(?:[cm]?[jt]s|tsx)$/;

/** Every file of code, tests aside. */
export const codeFiles = (): Source[] => CODE_FOLDERS.flatMap((folder) => filesBelow(folder, CODE));

export const testFiles = (): Source[] => filesBelow("test", CODE);

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");

/** What a file imports, as it is written: static and dynamic imports, types included. */
export function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(
    /(?:^(?:import|export)\b[^"';]*?\bfrom\s*|^import\s*|\bimport\s*\(\s*)["']([^"'\n]+)["']/gm,
  );
  return Array.from(found, (match) => match[1]);
}

/** The files of the project that a file imports, as paths from the root. */
export function importedFiles({ path, text }: Source): string[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(path), specifier)));
}
