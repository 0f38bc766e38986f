#!/usr/bin/env node
// `wizdata`: the command line of the platform.

import * as exportCommand from "./export/command.ts";
import * as importCommand from "./import/command.ts";

const HELP = `The command line of WizData Edge.

  wizdata import --symbol JSE:NPN --interval 1d --file npn.csv   brings candles of a file into the platform
  wizdata export --symbol JSE:NPN --interval 1d --out folder     writes candles of the platform into files

wizdata <command> --help explains each.
`;

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  import: importCommand.run,
  export: exportCommand.run,
};

const [name, ...args] = process.argv.slice(2);
const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : null;
if (command) {
  await command(args);
} else if (name === undefined || name === "--help" || name === "help") {
  console.log(HELP);
} else {
  console.error(`There is no command "${name.slice(0, 40)}"; it must be one of ${Object.keys(COMMANDS).join(", ")}.`);
  process.exitCode = 2;
}
