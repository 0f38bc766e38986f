import { createMiddleware } from "hono/factory";
import { holdsKey } from "../../../core/api-key.ts";
import type { AppEnv } from "../../service.ts";

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/;

/** Gives each request an id, the caller's own where it sent a usable one, and names it in the answer. */
export const correlationId = createMiddleware<AppEnv>(async function correlationId(c, next) {
  const sent = c.req.header("X-Correlation-ID");
  const id = sent && ACCEPTED.test(sent) && !holdsKey(sent) ? sent : crypto.randomUUID();
  c.set("correlationId", id);
  await next();
  // The object that takes a socket in names the id on its own answer, whose headers cannot be changed.
  if (c.res.status !== 101) c.res.headers.set("X-Correlation-ID", id);
});
