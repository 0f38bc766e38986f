import { createMiddleware } from "hono/factory";
import { BASE_PRICE } from "../../prices.ts";
import type { AppEnv } from "../../service.ts";
import { charge } from "../../usage.ts";
import { UNGUARDED } from "./burst-guard.ts";

/** Takes a unit of a key's quotas for each of its requests, but for those that ask how it stands. */
export const meterUsage = createMiddleware<AppEnv>(async function meterUsage(c, next) {
  if (!UNGUARDED.has(c.req.path) && c.req.path !== "/usage") await charge(c, BASE_PRICE);
  await next();
});
