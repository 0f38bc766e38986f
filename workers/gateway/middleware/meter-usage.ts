import { BASE_COST } from "../../../contracts/request-costs.ts";
import type { AppContext } from "../../http/service.ts";
import { UNGUARDED } from "../../metering/burst-guard.ts";
import { charge } from "../../metering/usage.ts";

/** Takes a unit of a key's quotas for each of its requests, but for those that ask how it stands. */
export function meterUsage(c: AppContext): void | Promise<void> {
  if (c.get("caller").kind !== "key" || UNGUARDED.has(c.req.path) || c.req.path === "/usage") return;
  return charge(c, BASE_COST);
}
