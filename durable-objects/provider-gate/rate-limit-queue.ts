import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";
import type { Admission } from "./admission.ts";
import { wholeSeconds } from "./cooldowns.ts";

/** What the desk needs to know of the world. */
export interface Clock {
  /** Unix seconds. */
  now: () => number;
  /** Resolves after that many seconds. */
  wait: (seconds: number) => Promise<void>;
}

interface Waiter {
  priority: Priority;
  since: number;
  done: (unpaid: Failure | null) => void;
}

/** The longest (seconds) that anyone stands in line. */
const MAX_WAIT = 3;

/** Where requests pay. Where the second's budget is spent they stand in line, users before background work. */
export class RateLimitQueue {
  readonly #handshake: Admission;
  readonly #clock: Clock;
  readonly #waiting: Waiter[] = [];
  #serving = false;

  constructor(handshake: Admission, clock: Clock) {
    this.#handshake = handshake;
    this.#clock = clock;
  }

  /** Null once it is paid, else why it cannot be. */
  acquire(priority: Priority): Promise<Failure | null> {
    const { promise, resolve } = Promise.withResolvers<Failure | null>();
    const payer: Waiter = { priority, since: this.#clock.now(), done: resolve };
    // Who is first in line need not wait for those behind to have had their pause.
    const first = this.#waiting.length === 0 || (priority === "user" && this.#next()?.priority === "background");
    if (first && this.#serve(payer) === 0) return promise;
    this.#waiting.push(payer);
    void this.#serveLine();
    return promise;
  }

  #next(): Waiter | undefined {
    return this.#waiting.find(({ priority }) => priority === "user") ?? this.#waiting[0];
  }

  /** @returns seconds until it is worth trying again; 0 where the payer is done. */
  #serve(payer: Waiter): number {
    const now = this.#clock.now();
    const payment = this.#handshake.acquire(payer.priority, now);
    if (payment.kind === "pause") {
      if (now + payment.seconds - payer.since <= MAX_WAIT) return payment.seconds;
      payer.done(failure("throttled", wholeSeconds(payment.seconds)));
    } else {
      payer.done(payment.kind === "paid" ? null : payment);
    }
    return 0;
  }

  async #serveLine(): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    for (let payer = this.#next(); payer; payer = this.#next()) {
      const pause = this.#serve(payer);
      if (pause === 0) this.#waiting.splice(this.#waiting.indexOf(payer), 1);
      else await this.#clock.wait(pause);
    }
    this.#serving = false;
  }
}
