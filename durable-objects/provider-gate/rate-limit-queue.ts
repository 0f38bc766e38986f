import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";
import type { Admission } from "./admission.ts";
import { wholeSeconds } from "./cooldowns.ts";

/** What paying needs from its surroundings. */
export interface Clock {
  /** Unix seconds. */
  now: () => number;
  /** Resolves after that many seconds. */
  wait: (seconds: number) => Promise<void>;
}

interface Waiter {
  priority: Priority;
  since: number;
  done: (failure: Failure | null) => void;
}

/** The longest (seconds) that a call waits in the queue. */
const MAX_WAIT_SECONDS = 3;

/** Where requests pay. If the second's budget is spent they wait in a queue, users before background work. */
export class RateLimitQueue {
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #waiting: Waiter[] = [];
  #isDraining = false;

  constructor(admission: Admission, clock: Clock) {
    this.#admission = admission;
    this.#clock = clock;
  }

  /** Null once it is paid, else why it cannot be. */
  acquire(priority: Priority): Promise<Failure | null> {
    const { promise, resolve } = Promise.withResolvers<Failure | null>();
    const waiter: Waiter = { priority, since: this.#clock.now(), done: resolve };
    // The first in the queue need not wait for the pauses of those behind it.
    const first = this.#waiting.length === 0 || (priority === "user" && this.#next()?.priority === "background");
    if (first && this.#tryAcquire(waiter) === 0) return promise;
    this.#waiting.push(waiter);
    void this.#drain();
    return promise;
  }

  #next(): Waiter | undefined {
    return this.#waiting.find(({ priority }) => priority === "user") ?? this.#waiting[0];
  }

  /** @returns seconds until it is worth trying again; 0 where the payer is done. */
  #tryAcquire(waiter: Waiter): number {
    const now = this.#clock.now();
    const result = this.#admission.acquire(waiter.priority, now);
    if (result.kind === "pause") {
      if (now + result.seconds - waiter.since <= MAX_WAIT_SECONDS) return result.seconds;
      waiter.done(failure("throttled", wholeSeconds(result.seconds)));
    } else {
      waiter.done(result.kind === "paid" ? null : result);
    }
    return 0;
  }

  async #drain(): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (let waiter = this.#next(); waiter; waiter = this.#next()) {
      const pause = this.#tryAcquire(waiter);
      if (pause === 0) this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      else await this.#clock.wait(pause);
    }
    this.#isDraining = false;
  }
}
