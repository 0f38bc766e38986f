import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Measured, Order, Report } from "./orders.ts";

/** The load generator in its own process. */
export interface LoadGenerator {
  /** Sends a command and waits until it is carried out; one at a time. */
  send(order: Order): Promise<Measured | null>;
  stop(): void;
}

/** Starts the load generator. */
export function startGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return {
    async send(order) {
      const ended = new AbortController();
      const whenEnded = once(child, "exit", { signal: ended.signal }).then((): never => {
        throw new Error("the load generator has ended");
      });
      child.send(order);
      try {
        const [report]: Report[] = await Promise.race([once(child, "message", { signal: ended.signal }), whenEnded]);
        if ("failed" in report) throw new Error(`${order.order} of ${order.crowd}: ${report.failed}`);
        return report.done;
      } finally {
        ended.abort();
        await whenEnded.catch(() => {});
      }
    },
    stop() {
      child.disconnect();
    },
  };
}
