import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";
import type { Admission } from "./admission.ts";
import { wholeSeconds } from "./blocks.ts";

/** What the desk needs to know of the world. */
export interface Clock {
  /** Unix seconds. */
  now: () => number;
  /** Resolves after so many seconds. */
  wait: (seconds: number) => Promise<void>;
}

/** Where requests pay. Where the second's budget is spent they stand in line, users before background work. */
export interface PayDesk {
  /** Null once it is paid, else why it cannot be. */
  pay(priority: Priority): Promise<Failure | null>;
}

interface Payer {
  priority: Priority;
  since: number;
  done: (unpaid: Failure | null) => void;
}

/** The longest (seconds) that anyone stands in line. */
const LONGEST_WAIT = 3;

/** Opens the desk of one provider. Its only timer runs while somebody stands in line. */
export function openPayDesk(admission: Admission, clock: Clock): PayDesk {
  const line: Payer[] = [];
  let serving = false;

  const foremost = (): Payer | undefined => line.find(({ priority }) => priority === "user") ?? line[0];

  /** @returns seconds until it is worth trying again; 0 where the payer is done. */
  function serve(payer: Payer): number {
    const now = clock.now();
    const payment = admission.pay(payer.priority, now);
    if (payment.kind === "pause") {
      if (now + payment.seconds - payer.since <= LONGEST_WAIT) return payment.seconds;
      payer.done(failure("throttled", wholeSeconds(payment.seconds)));
    } else {
      payer.done(payment.kind === "paid" ? null : payment);
    }
    return 0;
  }

  async function serveLine(): Promise<void> {
    if (serving) return;
    serving = true;
    for (let payer = foremost(); payer; payer = foremost()) {
      const pause = serve(payer);
      if (pause === 0) line.splice(line.indexOf(payer), 1);
      else await clock.wait(pause);
    }
    serving = false;
  }

  return {
    pay(priority) {
      const { promise, resolve } = Promise.withResolvers<Failure | null>();
      const payer: Payer = { priority, since: clock.now(), done: resolve };
      // Who is first in line need not wait for those behind to have had their pause.
      const first = line.length === 0 || (priority === "user" && foremost()?.priority === "background");
      if (first && serve(payer) === 0) return promise;
      line.push(payer);
      void serveLine();
      return promise;
    },
  };
}
