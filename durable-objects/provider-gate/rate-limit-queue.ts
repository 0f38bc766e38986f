import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";
import type { Admission } from "./admission.ts";
import { wholeSeconds } from "./cooldowns.ts";

/** What the desk needs to know of the world. */
export interface Clock {
  /** Unix seconds. */
  now: () => number;
  /** Resolves after so many seconds. */
  wait: (seconds: number) => Promise<void>;
}

/** Where requests pay. Where the second's budget is spent they stand in line, users before background work. */
export interface RateLimitQueue {
  /** Null once it is paid, else why it cannot be. */
  acquire(priority: Priority): Promise<Failure | null>;
}

interface Waiter {
  priority: Priority;
  since: number;
  done: (unpaid: Failure | null) => void;
}

/** The longest (seconds) that anyone stands in line. */
const MAX_WAIT = 3;

/** Opens the desk of one provider. Its only timer runs while somebody stands in line. */
export function openRateLimitQueue(admission: Admission, clock: Clock): RateLimitQueue {
  const waiting: Waiter[] = [];
  let serving = false;

  const next = (): Waiter | undefined => waiting.find(({ priority }) => priority === "user") ?? waiting[0];

  /** @returns seconds until it is worth trying again; 0 where the payer is done. */
  function serve(payer: Waiter): number {
    const now = clock.now();
    const payment = admission.acquire(payer.priority, now);
    if (payment.kind === "pause") {
      if (now + payment.seconds - payer.since <= MAX_WAIT) return payment.seconds;
      payer.done(failure("throttled", wholeSeconds(payment.seconds)));
    } else {
      payer.done(payment.kind === "paid" ? null : payment);
    }
    return 0;
  }

  async function serveLine(): Promise<void> {
    if (serving) return;
    serving = true;
    for (let payer = next(); payer; payer = next()) {
      const pause = serve(payer);
      if (pause === 0) waiting.splice(waiting.indexOf(payer), 1);
      else await clock.wait(pause);
    }
    serving = false;
  }

  return {
    acquire(priority) {
      const { promise, resolve } = Promise.withResolvers<Failure | null>();
      const payer: Waiter = { priority, since: clock.now(), done: resolve };
      // Who is first in line need not wait for those behind to have had their pause.
      const first = waiting.length === 0 || (priority === "user" && next()?.priority === "background");
      if (first && serve(payer) === 0) return promise;
      waiting.push(payer);
      void serveLine();
      return promise;
    },
  };
}
