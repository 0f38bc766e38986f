import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "./service.ts";

/** Something that a request must pass on its way to its route: it throws what is wrong, and waits only where it must. */
export type Check = (c: AppContext) => void | Promise<void>;

/** One middleware of many checks, in their order: each middleware costs every request some turns of waiting, a check costs none. */
export const chain = (...checks: readonly Check[]) =>
  createMiddleware<AppEnv>(async function pass(c, next) {
    for (const check of checks) {
      const pending = check(c);
      if (pending) await pending;
    }
    await next();
  });
