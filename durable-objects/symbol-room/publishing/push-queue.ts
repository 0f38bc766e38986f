import { logWarning } from "../../../observability/log.ts";
import type { SymbolEvent } from "../../symbol-events/symbol-events.ts";

/** Takes events to an hub; false where it does not want them any more. */
export type Push = (events: SymbolEvent[]) => Promise<boolean>;

/** What becomes of a line. */
export interface PushCallbacks {
  /** The hub has taken everything. */
  taken(): void;
  /** The hub wants no more. */
  refused(): void;
  /** The hub did not answer, for that many times in a row. */
  failed(times: number): void;
}

/** Events that wait for an hub at most. What is dropped beyond it leaves a gap in the numbers, so that the hub asks for it. */
const MAX_PENDING_EVENTS = 1_000;

/** Whether a newer event says all that an older one said: another state of the same open bar. */
function replaces(newer: SymbolEvent, older: SymbolEvent): boolean {
  if (newer.channel !== older.channel) return false;
  switch (newer.channel) {
    case "quotes":
    case "gap":
    case "epoch":
      return false;
    case "candles":
      return older.channel === "candles" && !older.isClosed && sameBar(newer, older);
    case "indicators":
      return older.channel === "indicators" && !older.isClosed && newer.spec === older.spec && sameBar(newer, older);
  }
}

const sameBar = (a: { interval: string; time: number }, b: { interval: string; time: number }): boolean =>
  a.interval === b.interval && a.time === b.time;

/** Whether an hub notices by itself that an event is missing. */
const isNumbered = ({ channel }: SymbolEvent): boolean => channel === "quotes" || channel === "gap";

/** The way to one hub: one push at a time, and the next carries all that happened since. */
export class PushQueue {
  readonly #name: string;
  readonly #push: Push;
  readonly #ends: PushCallbacks;
  #waiting: SymbolEvent[] = [];
  #isBusy = false;
  #failures = 0;

  constructor(name: string, push: Push, ends: PushCallbacks) {
    this.#name = name;
    this.#push = push;
    this.#ends = ends;
  }

  /** Keeps events for the next push. */
  enqueue(events: readonly SymbolEvent[]): void {
    for (const event of events) {
      this.#waiting = this.#waiting.filter((older) => !replaces(event, older));
      this.#waiting.push(event);
    }
    while (this.#waiting.length > MAX_PENDING_EVENTS)
      this.#waiting.splice(Math.max(0, this.#waiting.findIndex(isNumbered)), 1);
  }

  /** Whether the hub has taken everything. */
  get isEmpty(): boolean {
    return !this.#isBusy && this.#waiting.length === 0;
  }

  /** Sends events, or keeps them while the line is busy or its hub did not answer. */
  send(events: readonly SymbolEvent[]): void {
    this.enqueue(events);
    if (!this.#isBusy && this.#failures === 0) void this.#run();
  }

  /** Tries again where the hub did not answer. */
  retry(): void {
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const events = this.#waiting;
      this.#waiting = [];
      try {
        if (!(await this.#push(events))) return this.#ends.refused();
        this.#failures = 0;
      } catch (error) {
        logWarning("a hub did not take its events", {
          hub: this.#name,
          error: error instanceof Error ? error.message : typeof error,
        });
        const since = this.#waiting;
        this.#waiting = events;
        this.enqueue(since);
        this.#failures++;
        this.#isBusy = false;
        return this.#ends.failed(this.#failures);
      }
    }
    this.#isBusy = false;
    this.#ends.taken();
  }
}
