import { logWarning } from "../../../observability/log.ts";
import type { SymbolEvent } from "../../symbol-events/symbol-events.ts";

/** Takes events to an audience; false where it does not want them any more. */
export type Push = (events: SymbolEvent[]) => Promise<boolean>;

/** The way to one audience: one push at a time, and the next carries all that happened since. */
export interface PushQueue {
  /** Sends events, or keeps them while the line is busy or its audience did not answer. */
  send(events: readonly SymbolEvent[]): void;
  /** Keeps events for the next push. */
  enqueue(events: readonly SymbolEvent[]): void;
  /** Tries again where the audience did not answer. */
  retry(): void;
  /** Whether the audience has taken everything. */
  readonly isEmpty: boolean;
}

/** What becomes of a line. */
export interface PushCallbacks {
  /** The audience has taken everything. */
  taken(): void;
  /** The audience wants no more. */
  refused(): void;
  /** The audience did not answer, for so many times in a row. */
  failed(times: number): void;
}

/** Events that wait for an audience at most. What is dropped beyond it leaves a hole in the numbers, so that the audience asks for it. */
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

/** Whether an audience notices by itself that an event is missing. */
const isNumbered = ({ channel }: SymbolEvent): boolean => channel === "quotes" || channel === "gap";

/** Opens the way to an audience. */
export function openPushQueue(name: string, push: Push, ends: PushCallbacks): PushQueue {
  let waiting: SymbolEvent[] = [];
  let isBusy = false;
  let failures = 0;

  const enqueue = (events: readonly SymbolEvent[]): void => {
    for (const event of events) {
      waiting = waiting.filter((older) => !replaces(event, older));
      waiting.push(event);
    }
    while (waiting.length > MAX_PENDING_EVENTS) waiting.splice(Math.max(0, waiting.findIndex(isNumbered)), 1);
  };

  const run = async (): Promise<void> => {
    isBusy = true;
    while (waiting.length > 0) {
      const events = waiting;
      waiting = [];
      try {
        if (!(await push(events))) return ends.refused();
        failures = 0;
      } catch (error) {
        logWarning("an audience did not take its events", {
          audience: name,
          error: error instanceof Error ? error.message : typeof error,
        });
        const since = waiting;
        waiting = events;
        enqueue(since);
        failures++;
        isBusy = false;
        return ends.failed(failures);
      }
    }
    isBusy = false;
    ends.taken();
  };

  return {
    enqueue,
    get isEmpty() {
      return !isBusy && waiting.length === 0;
    },
    send(events) {
      enqueue(events);
      if (!isBusy && failures === 0) void run();
    },
    retry() {
      if (!isBusy) void run();
    },
  };
}
