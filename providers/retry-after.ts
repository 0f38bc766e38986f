import { DAY } from "../core/time.ts";

/** No upstream can keep itself switched off for longer than this by what it says. */
const MAX_RETRY_AFTER_SECONDS = DAY;

/**
 * Seconds to wait as a `Retry-After` header says them, in seconds or as an HTTP date.
 * @param now unix seconds
 * @returns null where the header says nothing that can be waited for: absent, unreadable, zero or past
 * @see RFC 9110, section 10.2.3
 */
export function retryAfterSeconds(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  if (text === "") return null;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000 - now;
  return seconds > 0 ? Math.min(Math.ceil(seconds), MAX_RETRY_AFTER_SECONDS) : null;
}
