import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../../service.ts";

/** Whether a request wants to become a WebSocket. */
export const isUpgrade = (upgrade: string | undefined): boolean => upgrade?.toLowerCase() === "websocket";

/** Keeps a middleware that sets headers away from upgrades: the answer to one is the object's own, and cannot be changed. */
export function unlessUpgrade(middleware: MiddlewareHandler): MiddlewareHandler<AppEnv> {
  return function unlessUpgrade(c, next) {
    return isUpgrade(c.req.header("Upgrade")) ? next() : middleware(c, next);
  };
}
