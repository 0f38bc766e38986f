import { bodyLimit } from "hono/body-limit";
import { ApiError } from "../../../contracts/problem.ts";
import type { AppContext } from "../../http/service.ts";

const MEBIBYTE = 1024 * 1024;
const LARGE_BODIES = new Set(["/calculate", "/admin/import"]);

const limitOf = (mebibytes: number) =>
  bodyLimit({
    maxSize: mebibytes * MEBIBYTE,
    onError: () => {
      throw new ApiError(
        "request.too_large",
        `A body must not exceed ${mebibytes} MiB here. Send the data in smaller parts.`,
      );
    },
  });

const small = limitOf(1);
const large = limitOf(4);

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Bounds bodies, 1 MiB, and 4 MiB where data is sent, and refuses those that do not say they are JSON. */
export function checkBody(c: AppContext): void | Promise<void> {
  if (c.req.raw.body !== null) return checkSent(c);
}

async function checkSent(c: AppContext): Promise<void> {
  await (LARGE_BODIES.has(c.req.path) ? large : small)(c, async () => {});
  const isRead = c.req.method !== "GET" && c.req.header("Content-Length") !== "0";
  if (isRead && !JSON_TYPE.test(c.req.header("Content-Type") ?? "")) {
    throw new ApiError(
      "request.unsupported_media_type",
      "Send the body as JSON, with `Content-Type: application/json`.",
    );
  }
}
