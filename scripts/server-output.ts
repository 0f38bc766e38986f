import type { ChildProcess } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

/** Lines of the development server that say nothing on a sound machine, and the lines that follow them. */
const NOISE = [/Request\.cf/, /types might be out of date/, /Scheduled Workers are not automatically triggered/];
const FOLLOWS_NOISE = /^(?:\s|Error: getaddrinfo|$)/;

/** Shows what a development server prints while it runs, without what means nothing. What it prints while it starts is kept for a failure. */
export class ServerOutput {
  readonly #kept: string[] = [];
  #isShown = false;
  #isNoise = false;

  constructor(server: ChildProcess) {
    for (const stream of [server.stdout, server.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (part: string) => {
        const lines = (rest + part).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#take(line);
      });
    }
  }

  /** Shows from now on. */
  show(): void {
    this.#isShown = true;
  }

  /** What was printed while the server started. */
  get start(): string {
    return this.#kept.join("\n");
  }

  #take(line: string): void {
    if (!this.#isShown) {
      this.#kept.push(line);
      return;
    }
    const text = stripVTControlCharacters(line);
    this.#isNoise = NOISE.some((noise) => noise.test(text)) || (this.#isNoise && FOLLOWS_NOISE.test(text));
    if (!this.#isNoise && text.trim() !== "") console.log(line);
  }
}
