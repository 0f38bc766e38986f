import { isWithin } from "../../../core/time.ts";

/** Messages that a client may send at once, and how many a second after that. */
const BURST = 60;
const MESSAGES_PER_SECOND = 10;
/** This many bad messages within a minute close the socket. */
export const MAX_VIOLATIONS = 30;
const MINUTE_MS = 60_000;

/** How fast one client sends, and how much of it is bad. Memory only: who stays silent long enough for it to go starts afresh. */
export class MessageRateLimiter {
  #tokens = BURST;
  #filledAt = 0;
  #violations: number[] = [];

  /** Counts a message; false if it is one too many. */
  acquire(nowMs: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + (Math.max(0, nowMs - this.#filledAt) / 1000) * MESSAGES_PER_SECOND);
    this.#filledAt = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Counts a bad message; true if it is the last that is tolerated. */
  recordViolation(nowMs: number): boolean {
    this.#violations = this.#violations.filter((time) => isWithin(MINUTE_MS, time, nowMs));
    this.#violations.push(nowMs);
    return this.#violations.length >= MAX_VIOLATIONS;
  }
}
