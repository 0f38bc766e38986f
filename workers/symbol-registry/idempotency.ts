import { ApiError } from "../../contracts/problem.ts";
import type { Database, Statement } from "../../storage/database.ts";
import { claimKey, completeKey, keyOfCaller, releaseKey } from "../../storage/idempotency.ts";
import { digestOf } from "../http/responses.ts";

interface Outcome {
  status: number;
  answer: string;
}

/** Statements that record the outcome of an action; they run inside its own batch, so that neither stands without the other. */
type RecordOutcome = (status: number, answer: string) => Statement[];

/**
 * Does a deed once for its Idempotency-Key, however often its caller asks for it. Without a key it is simply done.
 * @param caller as the audit log names it
 * @throws ApiError request.idempotency_conflict where the key was used for another body, or its first request is in flight
 */
export async function runOnce(
  registry: Database,
  caller: string,
  given: string | undefined,
  body: string,
  operation: (settle: RecordOutcome) => Promise<Outcome>,
): Promise<Outcome & { repeated: boolean }> {
  if (given === undefined) return { ...(await operation(() => [])), repeated: false };
  const key = keyOfCaller(caller, given);
  const claim = await claimKey(registry, key, await digestOf(body), Date.now());
  switch (claim.kind) {
    case "repeat":
      return { status: claim.status, answer: claim.answer, repeated: true };
    case "other_request":
      throw new ApiError(
        "request.idempotency_conflict",
        "This Idempotency-Key was used before with another body. Use a new key for a new request.",
      );
    case "in_flight":
      throw new ApiError(
        "request.idempotency_conflict",
        "The first request with this Idempotency-Key is still in progress. Ask again in a moment.",
        { status: 409, headers: { "Retry-After": "1" } },
      );
    case "first":
      return { ...(await runFirst(registry, key, operation)), repeated: false };
  }
}

async function runFirst(
  registry: Database,
  key: string,
  operation: (settle: RecordOutcome) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await operation((status, answer) => [completeKey(registry, key, status, answer)]);
  } catch (error) {
    await releaseKey(registry, key);
    throw error;
  }
}
