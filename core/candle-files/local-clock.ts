import { DAY, HOUR } from "../time.ts";

/** Hours whose offsets are kept: seven years of them. */
const MAX_HOURS = 65_536;

/** The clock of a time zone, by the runtime's time-zone database. */
export class LocalClock {
  readonly name: string;
  readonly #formatter: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /**
   * @param name an IANA name, such as `Europe/Athens`
   * @throws RangeError where there is no zone of that name
   */
  constructor(name: string) {
    this.name = name;
    this.#formatter = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** What clocks show at an instant (unix seconds), in seconds of their midnight 1970-01-01 on. Clocks are changed at whole quarters of an hour. */
  wallAt(time: number): number {
    const quarter = Math.floor((time * 4) / HOUR);
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      if (this.#offsets.size >= MAX_HOURS) this.#offsets.clear();
      offset = this.#lookUp(Math.floor((quarter * HOUR) / 4));
      this.#offsets.set(quarter, offset);
    }
    return time + offset;
  }

  #lookUp(time: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#formatter.formatToParts(time * 1000)) part[type] = Number(value);
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - time;
  }

  /** The instants (unix seconds, ascending) at which clocks show `wall`: two where it happens twice, none where clocks skip it. */
  instantsOf(wall: number): number[] {
    const [before, after] = [wall - DAY, wall + DAY].map((time) => this.wallAt(time) - time);
    const found = [wall - before, wall - after].filter((time) => this.wallAt(time) === wall);
    return before === after ? found.slice(0, 1) : found.sort((a, b) => a - b);
  }
}
