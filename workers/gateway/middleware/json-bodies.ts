import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { ApiError } from "../../../contracts/problem.ts";
import type { AppEnv } from "../../service.ts";

const MEBIBYTE = 1024 * 1024;
const LARGE_BODIES = new Set(["/calculate", "/admin/import"]);

const limitOf = (mebibytes: number) =>
  bodyLimit({
    maxSize: mebibytes * MEBIBYTE,
    onError: () => {
      throw new ApiError("request.too_large", `A body may hold ${mebibytes} MiB here. Send the data in smaller parts.`);
    },
  });

const small = limitOf(1);
const large = limitOf(4);

/** Bounds bodies: 1 MiB, and 4 MiB where data is sent. */
export const limitBody = createMiddleware<AppEnv>(function limitBody(c, next) {
  return (LARGE_BODIES.has(c.req.path) ? large : small)(c, next);
});

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Refuses bodies that do not say they are JSON. */
export const jsonOnly = createMiddleware<AppEnv>(async function jsonOnly(c, next) {
  const mayHaveBody = c.req.method !== "GET" && c.req.raw.body !== null;
  const hasBody = mayHaveBody && c.req.header("Content-Length") !== "0";
  if (hasBody && !JSON_TYPE.test(c.req.header("Content-Type") ?? "")) {
    throw new ApiError(
      "request.unsupported_media_type",
      "Send the body as JSON, with `Content-Type: application/json`.",
    );
  }
  await next();
});
