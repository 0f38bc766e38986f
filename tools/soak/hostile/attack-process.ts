import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { AttackReport } from "./attack-ledger.ts";
import type { AttackPlan, Order, Report } from "./orders.ts";

/** Attackers that are under way. */
export interface Attack {
  /** What they got, once all of them have ended. */
  report: Promise<AttackReport>;
  /** Ends them before their time. */
  stop(): void;
}

/** Starts the attackers in a process of their own, which ends with them. */
export function startAttack(plan: AttackPlan): Attack {
  const child = fork(join(import.meta.dirname, "attack.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const send = (order: Order): void => {
    if (child.connected) child.send(order);
  };
  const whenEnded = once(child, "exit").then((): never => {
    throw new Error("the attackers have ended without a report");
  });
  const reported = async (): Promise<AttackReport> => {
    const [report]: Report[] = await Promise.race([once(child, "message"), whenEnded]);
    whenEnded.catch(() => {});
    child.disconnect();
    if ("failed" in report) throw new Error(report.failed);
    return report.done;
  };
  send({ order: "attack", plan });
  return { report: reported(), stop: () => send({ order: "stop" }) };
}
