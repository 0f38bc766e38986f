/** Steps that are done in one go: one step is one indicator over one bar, or one bar that is read. */
export const STEPS_AT_ONCE = 20_000;

/**
 * Cuts long work into slices, between which others may run. Steps are counted and not milliseconds, because the clock of the runtime
 * stands still within a request.
 */
export class StepPacer {
  readonly #pause: () => Promise<void>;
  #steps = 0;

  /** @param pause lets others run */
  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  /** Counts steps that are done; returns a pause to wait for where a slice is full, else null. */
  count(steps: number): Promise<void> | null {
    this.#steps += steps;
    if (this.#steps < STEPS_AT_ONCE) return null;
    this.#steps = 0;
    return this.#pause();
  }
}
