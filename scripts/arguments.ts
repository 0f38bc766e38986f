import { type ParseArgsConfig, parseArgs as parse } from "node:util";

/** Reads a command's arguments as `node:util` does; what it cannot read ends the command in one sentence. */
export function parseArgs<T extends ParseArgsConfig>(config: T): ReturnType<typeof parse<T>> {
  try {
    return parse(config);
  } catch (error) {
    if (!(error instanceof TypeError && "code" in error)) throw error;
    console.error(`${error.message.replace(/\.$/, "")}. --help explains.`);
    process.exit(2);
  }
}
