import { Presets, SingleBar } from "cli-progress";

/** How often a line says how far it is where there is no terminal, milliseconds. */
const LINE_EVERY_MS = 5_000;

/** How far a long work is, on the standard error stream: a bar on a terminal, else a line every few seconds. */
export class Progress {
  readonly #total: number;
  readonly #bar: SingleBar | null;
  #saidAt = Date.now();

  /** @param total what is to be done, in any unit */
  constructor(total: number) {
    this.#total = total;
    this.#bar = process.stderr.isTTY
      ? new SingleBar(
          { format: "  {bar} {percentage}% | {eta}s left", hideCursor: true, stream: process.stderr },
          Presets.shades_classic,
        )
      : null;
    this.#bar?.start(total, 0);
  }

  /** @param what the file that is worked on, for a line */
  update(done: number, what: string): void {
    this.#bar?.update(Math.min(done, this.#total));
    if (this.#bar || Date.now() - this.#saidAt < LINE_EVERY_MS) return;
    this.#saidAt = Date.now();
    const percent = this.#total > 0 ? Math.floor((100 * Math.min(done, this.#total)) / this.#total) : 100;
    console.error(`${percent}% done, at ${what}`);
  }

  /** Says something between, without the bar in it. */
  say(lines: readonly string[], log: (text: string) => void): void {
    // The line of the bar is overwritten by what is said.
    if (this.#bar) process.stderr.write("\r\u001b[K");
    for (const line of lines) log(line);
    this.#bar?.render();
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    this.#bar?.stop();
  }
}
