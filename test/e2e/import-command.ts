import { expect } from "vitest";
import { type CommandResult, runCli } from "./command.ts";
import { TOKEN } from "./platform.ts";

/** What is given to `npm run import`. */
export interface ImportArguments {
  symbol: string;
  interval: string;
  file: string;
  adjustment?: string;
  /** Such as --keep-good. */
  flags?: readonly string[];
  token?: string;
}

/** Runs `npm run import` against a platform. */
export function runImport(url: string, given: ImportArguments): Promise<CommandResult> {
  const { symbol, interval, file, adjustment, flags = [], token = TOKEN } = given;
  const args = ["--symbol", symbol, "--interval", interval, "--file", file, "--url", url, ...flags];
  if (adjustment) args.push("--adjustment", adjustment);
  return runCli(["import", ...args], { ADMIN_TOKEN: token });
}

/** The counts of an import's report. */
export interface Counts {
  read: number;
  stored: number;
  replaced: number;
  unchanged: number;
  refused: number;
  notStored: number;
}

/** Reads the counts of a report. They must add up. */
export function countsOf({ stdout, stderr }: CommandResult): Counts {
  const count = (name: string): number => {
    const found = new RegExp(`^ {2}${name} +(\\d+)`, "m").exec(stdout);
    if (!found) throw new Error(`The report does not count "${name}":\n${stdout}${stderr}`);
    return Number(found[1]);
  };
  const counts = {
    read: count("rows read"),
    stored: count("stored"),
    replaced: count("replaced"),
    unchanged: count("unchanged"),
    refused: count("refused"),
    notStored: count("not stored"),
  };
  const { read, ...rest } = counts;
  expect(Object.values(rest).reduce((sum, part) => sum + part)).toBe(read);
  return counts;
}

/** The lines that a report names, with the reasons. */
export function refusedLines({ stdout }: CommandResult): Map<number, string> {
  return new Map(Array.from(stdout.matchAll(/^ {2}line (\d+): (.+)$/gm), ([, line, reason]) => [Number(line), reason]));
}
