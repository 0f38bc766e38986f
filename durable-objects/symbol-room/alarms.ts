/** What a room has to do at a time, by name; each name has one time. Times are unix seconds. */
export interface Alarms {
  set(name: string, at: number): void;
  clear(name: string): void;
  /** Clears all but these. */
  clearAllBut(...names: string[]): void;
  at(name: string): number | null;
  /** Names whose time has come, the earliest first, those of one moment by name. */
  due(now: number): string[];
  /** The earliest time; null where there is nothing to do. */
  next(): number | null;
}

/** Opens a room's deadline table. */
export function openAlarms(sql: SqlStorage): Alarms {
  const rows = sql.exec<{ name: string; at: number }>("select name, at from deadlines").toArray();
  const times = new Map(rows.map(({ name, at }) => [name, at]));
  const clear = (name: string): void => {
    if (times.delete(name)) sql.exec("delete from deadlines where name = ?", name);
  };
  return {
    set(name, at) {
      if (times.get(name) === at) return;
      times.set(name, at);
      sql.exec("insert or replace into deadlines (name, at) values (?, ?)", name, at);
    },
    clear,
    clearAllBut(...kept) {
      for (const name of times.keys()) if (!kept.includes(name)) clear(name);
    },
    at: (name) => times.get(name) ?? null,
    due: (now) =>
      [...times]
        .filter(([, at]) => at <= now)
        .sort(([a, atA], [b, atB]) => atA - atB || (a < b ? -1 : 1))
        .map(([name]) => name),
    next: () => (times.size === 0 ? null : Math.min(...times.values())),
  };
}

/** Seconds after its time at which an alarm that has not rung counts as lost: the platform's may be a minute late. */
const LOST_AFTER = 90;

/** Sets the one alarm of a room to its next deadline; the platform is told only where that is news. */
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
