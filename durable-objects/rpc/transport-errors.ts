/**
 * Errors of calls between objects. The platform marks them: `.retryable` if the call may be repeated, `.overloaded` if it must not be,
 * and `.remote` if the object's own code threw, which is a bug and never an object that is out of reach.
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
const isMarked = (error: unknown, name: "retryable" | "overloaded"): boolean =>
  error instanceof Error && Reflect.get(error, name) === true;

/** Whether an object was moved or restarted under a call, so that the call may be made again if it changes nothing twice. */
export const isRetryable = (error: unknown): boolean => isMarked(error, "retryable") && !isMarked(error, "overloaded");

/** Whether an object could not be reached, or was lost under a call, rather than failed by its own code. */
export const isTransportError = (error: unknown): boolean =>
  isMarked(error, "retryable") || isMarked(error, "overloaded");
