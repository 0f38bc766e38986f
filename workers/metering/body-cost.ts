import { costOfBody } from "../../contracts/request-costs.ts";
import type { AppContext } from "../http/service.ts";
import { chargeRestOfWork } from "./usage.ts";

/**
 * What the body of a request costs, in units, by the length that its client says. One whose length is not said is bounded as it is read, and
 * pays for what is calculated.
 */
export function bodyCostOf(c: AppContext): number {
  const length = Number(c.req.header("Content-Length") ?? 0);
  return costOfBody(Number.isSafeInteger(length) ? length : 0);
}

/** Takes what the body of a calculation costs before it is read: checking ten thousand candles takes long, whatever becomes of them. */
export function meterBody(c: AppContext): void | Promise<void> {
  if (c.req.method === "POST" && c.req.path === "/calculate") return chargeRestOfWork(c, bodyCostOf(c));
}
