import { ApiError } from "../../contracts/problem.ts";
import { logError } from "../../observability/log.ts";

/** Seconds after which a client may ask again for what could not be reached. */
const RETRY_AFTER = "5";

/**
 * Calls an object of the stream that an answer cannot do without.
 * @throws ApiError service.unavailable where it does not answer; its own error is logged
 */
export async function callOrUnavailable<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    logError("an object of the stream failed", error, { what });
    const detail = `${what} does not answer. Ask again in a moment.`;
    throw new ApiError("service.unavailable", detail, { headers: { "Retry-After": RETRY_AFTER } });
  }
}
