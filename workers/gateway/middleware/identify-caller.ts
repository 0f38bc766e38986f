import { ApiError } from "../../../contracts/problem.ts";
import { authenticate } from "../../auth/api-keys.ts";
import { CHALLENGE } from "../../auth/challenge.ts";
import { presentedKey } from "../../auth/presented-key.ts";
import type { AppContext } from "../../http/service.ts";
import { checkFailedAttempts, recordFailedAttempt } from "../../metering/guess-guard.ts";

/** Finds out who asks. A key that is wrong is refused even where none is needed: its sender believes in it. */
export function identifyCaller(c: AppContext): void | Promise<void> {
  const presented = presentedKey(c.req.raw.headers);
  if (presented === "malformed") {
    throw new ApiError("auth.invalid", "The Authorization header must read `Bearer <key>`.", { headers: CHALLENGE });
  }
  if (presented !== null) return authenticateKey(c, presented.key);
  c.set("caller", { kind: "anonymous" });
}

/** Whether the answer would stay open: no client asks again who reads it. */
const opensStream = (c: AppContext): boolean =>
  c.req.header("Upgrade") !== undefined || c.req.path.startsWith("/stream/");

async function authenticateKey(c: AppContext, key: string): Promise<void> {
  checkFailedAttempts(c);
  const skipCache = opensStream(c);
  const caller = await authenticate(c.env, key, { skipCache, waitUntil: (work) => c.executionCtx.waitUntil(work) });
  if (caller) return c.set("caller", caller);
  await recordFailedAttempt(c);
  throw new ApiError("auth.invalid", "The key is unknown, expired or revoked.", { headers: CHALLENGE });
}
