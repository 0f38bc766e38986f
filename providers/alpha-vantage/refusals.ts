import { z } from "zod";
import { MINUTE } from "../../core/time.ts";
import type { Refusal } from "../upstream-call.ts";

const text = z.string().max(10_000);

/** Every refusal comes with status 200: a document of one sentence in place of the data. */
const RefusalSchema = z.union([
  z.object({ Information: text }).transform(({ Information }) => Information),
  z.object({ Note: text }).transform(({ Note }) => Note),
  z.object({ "Error Message": text }).transform((body) => body["Error Message"]),
]);

/**
 * What each sentence comes down to. The first that fits counts: the one about calls a second speaks of days and of premium
 * plans too, and the one about the daily quota repeats the caller's key.
 */
const SENTENCES: readonly (readonly [RegExp, Refusal])[] = [
  [/apikey is invalid or missing/i, { reason: "bad_key" }],
  [/\bdemo\b.*API key/i, { reason: "demo_key" }],
  [/is a premium (endpoint|feature|function)/i, { reason: "premium_only" }],
  [/requests? per second|spreading out/i, { reason: "throttled", retryAfter: 1 }],
  [/(?:calls|requests) per minute|higher API call (?:volume|frequency)/i, { reason: "throttled", retryAfter: MINUTE }],
  [/rate limit is \d+ requests per day|detected your API key/i, { reason: "quota_spent" }],
  [/invalid API call/i, { reason: "bad_call" }],
];

/** The refusal in an answer, `unknown_notice` where it says nothing that is known to be said; null where it is none. */
export function refusalOf(body: unknown): Refusal | null {
  const sentence = RefusalSchema.safeParse(body);
  if (!sentence.success) return null;
  return SENTENCES.find(([pattern]) => pattern.test(sentence.data))?.[1] ?? { reason: "unknown_notice" };
}
