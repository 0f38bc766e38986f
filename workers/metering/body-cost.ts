import { costOfBody } from "../../contracts/request-costs.ts";
import type { AppContext } from "../http/service.ts";
import { chargeRest } from "./usage.ts";

/** What a body counts as whose length is not said (bytes). */
const UNKNOWN_LENGTH = 1024 * 1024;

/** What the body of a request costs, in units, by the length that its client says; 1 where it has none. */
export function bodyCostOf(c: AppContext): number {
  if (c.req.raw.body === null) return costOfBody(0);
  const length = Number(c.req.header("Content-Length") ?? UNKNOWN_LENGTH);
  return costOfBody(Number.isSafeInteger(length) ? length : UNKNOWN_LENGTH);
}

/** Takes what the body of a calculation costs before it is read: checking ten thousand candles takes long, whatever becomes of them. */
export function meterBody(c: AppContext): void | Promise<void> {
  if (c.req.method === "POST" && c.req.path === "/calculate") return chargeRest(c, bodyCostOf(c));
}
