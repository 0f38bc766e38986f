import type { Interval } from "../../core/interval.ts";

/** Something that a room has to do at a time. */
export type Alarm =
  /** The heartbeat and renewals of the room's own sockets. */
  | { kind: "run-sessions" }
  | { kind: "close-bar"; interval: Interval }
  | { kind: "expire-leases" }
  | { kind: "retry-push" }
  | { kind: "revise-bar"; interval: Interval; time: number }
  | { kind: "reset-bars"; interval: Interval; time: number }
  | { kind: "start-bars"; interval: Interval }
  | { kind: "keep-candles" }
  | { kind: "tick" }
  | { kind: "stop-polling" }
  | { kind: "renew-polling" };

/** The order in which alarms of one moment are run: bars close before the next tick of a simulated symbol. */
const ORDER: readonly Alarm["kind"][] = [
  "run-sessions",
  "close-bar",
  "expire-leases",
  "retry-push",
  "revise-bar",
  "reset-bars",
  "start-bars",
  "tick",
  "stop-polling",
  "renew-polling",
  "keep-candles",
];

/** An alarm as the database names it: its members in one order. */
function keyOf(alarm: Alarm): string {
  switch (alarm.kind) {
    case "close-bar":
    case "start-bars":
      return JSON.stringify({ kind: alarm.kind, interval: alarm.interval });
    case "revise-bar":
    case "reset-bars":
      return JSON.stringify({ kind: alarm.kind, interval: alarm.interval, time: alarm.time });
    default:
      return JSON.stringify({ kind: alarm.kind });
  }
}

interface SetAlarm {
  alarm: Alarm;
  at: number;
}

/** Seconds after its time at which an alarm that has not fired counts as lost: the platform's may be a minute late. */
const LOST_AFTER = 90;

/** A room's alarms, each with one time (unix seconds), and the one alarm of the platform that wakes the room for the next. */
export class Alarms {
  readonly #storage: DurableObjectStorage;
  readonly #alarms: Map<string, SetAlarm>;
  /** The time of the platform's alarm; unknown after a start and while it runs. */
  #armed: number | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const rows = storage.sql.exec<{ name: string; at: number }>("select name, at from deadlines").toArray();
    this.#alarms = new Map(rows.map(({ name, at }) => [name, { alarm: JSON.parse(name), at }]));
  }

  set(alarm: Alarm, at: number): void {
    const key = keyOf(alarm);
    if (this.#alarms.get(key)?.at === at) return;
    this.#alarms.set(key, { alarm, at });
    this.#storage.sql.exec("insert or replace into deadlines (name, at) values (?, ?)", key, at);
  }

  /** Sets an alarm unless it is set to a time that is not after `latest`; clears it if it has no time. */
  ensure(alarm: Alarm, at: number | null, latest = at): void {
    const set = this.at(alarm);
    if (at === null || latest === null) this.clear(alarm);
    else if (set === null || set > latest) this.set(alarm, at);
  }

  /** Moves an alarm that lies further ahead than it can, because the clock was set back. */
  cap(alarm: Alarm, latest: number): void {
    if ((this.at(alarm) ?? latest) > latest) this.set(alarm, latest);
  }

  clear(alarm: Alarm): void {
    this.#clear(keyOf(alarm));
  }

  clearAllBut(...kept: Alarm[]): void {
    const keys = kept.map(keyOf);
    for (const key of this.#alarms.keys()) if (!keys.includes(key)) this.#clear(key);
  }

  at(alarm: Alarm): number | null {
    return this.#alarms.get(keyOf(alarm))?.at ?? null;
  }

  /** Alarms whose time has come, the earliest first. */
  due(now: number): Alarm[] {
    return [...this.#alarms]
      .filter(([, { at }]) => at <= now)
      .sort(
        ([keyA, a], [keyB, b]) =>
          a.at - b.at || ORDER.indexOf(a.alarm.kind) - ORDER.indexOf(b.alarm.kind) || (keyA < keyB ? -1 : 1),
      )
      .map(([, { alarm }]) => alarm);
  }

  /** Sets the platform's alarm to the earliest time; does nothing if it is set to it. */
  async arm(): Promise<void> {
    const next = this.#next();
    const isLost = next !== null && Date.now() / 1000 - next > LOST_AFTER;
    if (next === this.#armed && !isLost) return;
    this.#armed = next;
    if (next === null) await this.#storage.deleteAlarm();
    else await this.#storage.setAlarm(Math.ceil(next * 1000));
  }

  /** Must be called when the platform's alarm has fired. */
  onFired(): void {
    this.#armed = undefined;
  }

  /** Arms again if the platform has no alarm, or one that is too late, whatever was set. */
  async check(): Promise<void> {
    const [alarm, next] = [await this.#storage.getAlarm(), this.#next()];
    if (next === null || (alarm !== null && alarm <= Math.ceil(next * 1000))) return;
    this.#armed = undefined;
    await this.arm();
  }

  #next(): number | null {
    return this.#alarms.size === 0 ? null : Math.min(...Array.from(this.#alarms.values(), ({ at }) => at));
  }

  #clear(key: string): void {
    if (this.#alarms.delete(key)) this.#storage.sql.exec("delete from deadlines where name = ?", key);
  }
}
