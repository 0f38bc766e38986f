import { isWithin } from "../../core/time.ts";

/** Messages that a client may send at once, and how many a second after that. */
const BURST = 60;
const PER_SECOND = 10;
/** So many bad messages within a minute close the socket. */
export const MOST_BAD = 30;
const MINUTE_MS = 60_000;

/** How fast one client sends, and how much of it is bad. Memory only: who stays silent long enough for it to go starts afresh. */
export class MessagePace {
  private tokens = BURST;
  private filledAt = 0;
  private bad: number[] = [];

  /** Takes note of a message; false where it is one too many. */
  take(nowMs: number): boolean {
    this.tokens = Math.min(BURST, this.tokens + (Math.max(0, nowMs - this.filledAt) / 1000) * PER_SECOND);
    this.filledAt = nowMs;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Takes note of a bad message; true where it is the last that is borne. */
  strike(nowMs: number): boolean {
    this.bad = this.bad.filter((time) => isWithin(MINUTE_MS, time, nowMs));
    this.bad.push(nowMs);
    return this.bad.length >= MOST_BAD;
  }
}
