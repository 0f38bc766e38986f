/** How much is worked on at a time. */
export interface FairQueueLimits {
  total: number;
  perCaller: number;
}

interface CallerQueue {
  running: number;
  readonly waiting: (() => void)[];
}

/** Lets work wait for its turn: callers take turns, so that none waits longer because another one has much to do. */
export class FairQueue {
  readonly #limits: FairQueueLimits;
  /** In the order in which they get their next turn. */
  readonly #callers = new Map<string, CallerQueue>();
  #running = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  /** Works for a caller when it is its turn. */
  async run<T>(caller: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#callers.get(caller) ?? { running: 0, waiting: [] };
    this.#callers.set(caller, queue);
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.waiting.push(resolve);
    this.#next();
    await promise;
    try {
      return await work();
    } finally {
      this.#running--;
      queue.running--;
      if (queue.running === 0 && queue.waiting.length === 0) this.#callers.delete(caller);
      this.#next();
    }
  }

  /** Starts what may start. */
  #next(): void {
    while (this.#running < this.#limits.total) {
      const next = this.#nextCaller();
      if (!next) return;
      const [caller, queue] = next;
      this.#callers.delete(caller);
      this.#callers.set(caller, queue);
      this.#running++;
      queue.running++;
      queue.waiting.shift()?.();
    }
  }

  #nextCaller(): [string, CallerQueue] | null {
    for (const [caller, queue] of this.#callers)
      if (queue.waiting.length > 0 && queue.running < this.#limits.perCaller) return [caller, queue];
    return null;
  }
}
