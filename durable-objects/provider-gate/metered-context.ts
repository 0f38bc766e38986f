import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type CallContext, CallRefused, type Failure, failure } from "../../providers/provider.ts";
import type { PayDesk } from "./pay-desk.ts";

/** What one try may use of the world, and what it has used. */
export interface MeteredContext {
  context: CallContext;
  /** Whether any request went out. */
  reached: () => boolean;
  /** Why a request was not paid for; null where all were. */
  refused: () => Failure | null;
  /** Seconds spent in line to pay. */
  held: () => number;
}

interface World {
  fetch: (request: Request) => Promise<Response>;
  now: () => number;
}

/** A context in which every request is paid for before it goes out, and none goes out after the end. */
export function meteredContext(desk: PayDesk, priority: Priority, world: World, signal: AbortSignal): MeteredContext {
  let reached = false;
  let refused: Failure | null = null;
  let inLine = 0;
  let inLineSince = 0;
  let held = 0;

  async function pay(): Promise<Failure | null> {
    if (inLine++ === 0) inLineSince = world.now();
    const unpaid = await desk.pay(priority);
    if (--inLine === 0) held += world.now() - inLineSince;
    refused ??= unpaid;
    return unpaid;
  }

  return {
    context: {
      now: world.now,
      signal,
      async fetch(request) {
        const unpaid = signal.aborted ? failure("timeout") : await pay();
        if (unpaid) throw new CallRefused(unpaid);
        reached = true;
        return world.fetch(request);
      },
    },
    reached: () => reached,
    refused: () => refused,
    held: () => held + (inLine > 0 ? world.now() - inLineSince : 0),
  };
}
