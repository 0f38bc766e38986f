import { isRetryable } from "./transport-errors.ts";

/** Calls that failed together do not come again together. */
const MAX_JITTER_MS = 50;

/**
 * Makes an idempotent call, and once more if the platform says that it may be repeated.
 * @param attempt takes a new stub each time: a stub is broken after an exception
 */
export async function retryOnce<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!isRetryable(error)) throw error;
    await scheduler.wait(Math.random() * MAX_JITTER_MS);
    return attempt();
  }
}
