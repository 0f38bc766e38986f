/** Opens turns: works of one name run one after the other, those of different names beside each other. */
export function openTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const run = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, run);
    const end = (): void => {
      if (last.get(name) === run) last.delete(name);
    };
    run.then(end, end);
    return run;
  };
}
