import { createMiddleware } from "hono/factory";
import { ApiError } from "../../../contracts/problem.ts";
import type { AppEnv } from "../../service.ts";

const NAMES = [
  "key",
  "api_key",
  "apikey",
  "api-key",
  "x-api-key",
  "authorization",
  "token",
  "access_token",
  "admin_token",
];

/** Refuses a key in the address: addresses are kept in logs and histories. */
export const keyInUrl = createMiddleware<AppEnv>(async function keyInUrl(c, next) {
  const query = c.req.query();
  const name = Object.keys(query).find((parameter) => NAMES.includes(parameter.toLowerCase()));
  if (name !== undefined) {
    const detail = `The address carries "${name}". Send keys in the Authorization or X-API-Key header, and replace this one.`;
    throw new ApiError("auth.key_in_url", detail);
  }
  await next();
});
