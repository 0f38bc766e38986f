import { isWithin } from "../../../core/time.ts";

/** Symbols that the messages of one caller may name at once, over all of its sockets in an object, and how many a second after that. */
const SYMBOLS = {
  address: { burst: 3_000, perSecond: 100 },
  key: { burst: 100_000, perSecond: 2_000 },
} as const;

/** How many symbols a caller subscribes to and leaves: each is a question to the symbol's room. */
export class SymbolRateLimiter {
  readonly #rate: { burst: number; perSecond: number };
  #tokens: number;
  #filledAt = 0;

  constructor(kind: keyof typeof SYMBOLS) {
    this.#rate = SYMBOLS[kind];
    this.#tokens = this.#rate.burst;
  }

  /** Counts the symbols of a message; returns how many seconds to wait where they are too many now, else 0. */
  acquire(symbols: number, nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    const passed = Math.max(0, nowMs - this.#filledAt) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + passed * perSecond);
    this.#filledAt = nowMs;
    if (this.#tokens < symbols) return Math.ceil((symbols - this.#tokens) / perSecond);
    this.#tokens -= symbols;
    return 0;
  }
}

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
