/** What a room has to do at a time, by name; each name has one time. Times are unix seconds. */
export class Alarms {
  readonly #sql: SqlStorage;
  readonly #times: Map<string, number>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = this.#sql.exec<{ name: string; at: number }>("select name, at from deadlines").toArray();
    this.#times = new Map(rows.map(({ name, at }) => [name, at]));
  }

  set(name: string, at: number): void {
    if (this.#times.get(name) === at) return;
    this.#times.set(name, at);
    this.#sql.exec("insert or replace into deadlines (name, at) values (?, ?)", name, at);
  }

  clear(name: string): void {
    if (this.#times.delete(name)) this.#sql.exec("delete from deadlines where name = ?", name);
  }

  /** Clears all but these. */
  clearAllBut(...kept: string[]): void {
    for (const name of this.#times.keys()) if (!kept.includes(name)) this.clear(name);
  }

  at(name: string): number | null {
    return this.#times.get(name) ?? null;
  }

  /** Names whose time has come, the earliest first, those of one moment by name. */
  due(now: number): string[] {
    return [...this.#times]
      .filter(([, at]) => at <= now)
      .sort(([a, atA], [b, atB]) => atA - atB || (a < b ? -1 : 1))
      .map(([name]) => name);
  }

  /** The earliest time; null where there is nothing to do. */
  next(): number | null {
    return this.#times.size === 0 ? null : Math.min(...this.#times.values());
  }
}

/** Seconds after its time at which an alarm that has not rung counts as lost: the platform's may be a minute late. */
const LOST_AFTER = 90;

/** Sets the one alarm of a room to its next deadline; the platform is sent only where that is news. */
export function openAlarmClock(storage: DurableObjectStorage, deadlines: Alarms) {
  /** Unknown after a start and while the alarm runs. */
  let set: number | null | undefined;
  const arm = async (): Promise<void> => {
    const next = deadlines.next();
    const isLost = next !== null && Date.now() / 1000 - next > LOST_AFTER;
    if (next === set && !isLost) return;
    set = next;
    if (next === null) await storage.deleteAlarm();
    else await storage.setAlarm(Math.ceil(next * 1000));
  };
  return {
    /** To be called when the alarm has rung. */
    rung(): void {
      set = undefined;
    },
    wind: arm,
    /** Winds the clock again if the platform has no alarm, or one that rings too late, whatever was set. */
    async check(): Promise<void> {
      const [alarm, next] = [await storage.getAlarm(), deadlines.next()];
      if (next === null || (alarm !== null && alarm <= Math.ceil(next * 1000))) return;
      set = undefined;
      await arm();
    },
  };
}
