import { createMiddleware } from "hono/factory";
import { ApiError } from "../../../contracts/problem.ts";
import type { AppEnv } from "../../service.ts";

/** The key that a request carries, if it carries one. */
function presentedKey(authorization: string | undefined, apiKey: string | undefined): string | null {
  const bearer = authorization?.match(/^Bearer +(\S+)$/i)?.[1];
  return bearer ?? apiKey ?? null;
}

/** Compares two secrets in a time that says nothing of where they differ. */
async function equalSecrets(a: string, b: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [left, right] = await Promise.all([
    crypto.subtle.digest("SHA-256", encoder.encode(a)),
    crypto.subtle.digest("SHA-256", encoder.encode(b)),
  ]);
  return crypto.subtle.timingSafeEqual(left, right);
}

const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="wizdata-edge"' };

/** Finds out who asks. A key that is wrong is refused even where none is needed: its sender believes in it. */
export const identifyCaller = createMiddleware<AppEnv>(async function identifyCaller(c, next) {
  const authorization = c.req.header("Authorization");
  const key = presentedKey(authorization, c.req.header("X-API-Key"));
  if (key === null) {
    if (authorization) {
      throw new ApiError("auth.invalid", "The Authorization header must read `Bearer <key>`.", { headers: CHALLENGE });
    }
    c.set("caller", { kind: "anonymous" });
  } else {
    const token = c.env.ADMIN_TOKEN;
    if (!token || !(await equalSecrets(key, token))) {
      throw new ApiError("auth.invalid", "The key is unknown, expired or revoked.", { headers: CHALLENGE });
    }
    c.set("caller", { kind: "admin", name: "admin-token" });
  }
  await next();
});

/** Lets only the holder of the admin token pass. */
export const requireAdmin = createMiddleware<AppEnv>(async function requireAdmin(c, next) {
  if (c.var.caller.kind !== "admin") {
    throw new ApiError(
      "auth.missing",
      "This route needs the admin token: send it as `Authorization: Bearer <token>`.",
      {
        headers: CHALLENGE,
      },
    );
  }
  await next();
});
