/** A queue by name: works of one name run one after the other, those of different names beside each other. */
export function keyedQueue(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const run = (running.get(name) ?? Promise.resolve()).then(work, work);
    running.set(name, run);
    const end = (): void => {
      if (running.get(name) === run) running.delete(name);
    };
    run.then(end, end);
    return run;
  };
}
