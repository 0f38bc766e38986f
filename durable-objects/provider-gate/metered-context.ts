import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type CallContext, CallRefused, type Failure, failure } from "../../providers/provider.ts";
import type { RateLimitQueue } from "./rate-limit-queue.ts";

/** What one try may use of the world, and what it has used. */
export interface MeteredContext {
  context: CallContext;
  /** Whether any request went out. */
  wasSent: () => boolean;
  /** Why a request was not paid for; null where all were. */
  refused: () => Failure | null;
  /** Seconds spent in line to pay. */
  queuedSeconds: () => number;
}

interface Runtime {
  fetch: (request: Request) => Promise<Response>;
  now: () => number;
}

/** A context in which every request is paid for before it goes out, and none goes out after the end. */
export function meteredContext(
  queue: RateLimitQueue,
  priority: Priority,
  runtime: Runtime,
  signal: AbortSignal,
): MeteredContext {
  let wasSent = false;
  let refused: Failure | null = null;
  let queued = 0;
  let queuedSince = 0;
  let queuedSeconds = 0;

  async function acquire(): Promise<Failure | null> {
    if (queued++ === 0) queuedSince = runtime.now();
    const rejection = await queue.acquire(priority);
    if (--queued === 0) queuedSeconds += runtime.now() - queuedSince;
    refused ??= rejection;
    return rejection;
  }

  return {
    context: {
      now: runtime.now,
      signal,
      async fetch(request) {
        const unpaid = signal.aborted ? failure("timeout") : await acquire();
        if (unpaid) throw new CallRefused(unpaid);
        wasSent = true;
        return runtime.fetch(request);
      },
    },
    wasSent: () => wasSent,
    refused: () => refused,
    queuedSeconds: () => queuedSeconds + (queued > 0 ? runtime.now() - queuedSince : 0),
  };
}
