import type { AttackReport } from "./attack-ledger.ts";
import type { Targets } from "./attackers.ts";

/** An attack: where, on what, for how long, and from which seed. */
export interface AttackPlan {
  url: string;
  targets: Targets;
  seconds: number;
  seed: number;
}

/** What is asked of the attackers, which are a process of their own: that the polite client is not slowed down by their work. */
export type Order = { order: "attack"; plan: AttackPlan } | { order: "stop" };

/** The answer to an order to attack. */
export type Report = { done: AttackReport } | { failed: string };
