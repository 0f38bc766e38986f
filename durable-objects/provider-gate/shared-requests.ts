import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";

interface QueuedCall {
  priority: Priority;
  start: () => void;
}

/** Requests of one kind: equal ones that overlap in time are made once, and only that many are made at a time. */
export class SharedRequests<Answer> {
  readonly #maxInFlight: number;
  readonly #maxWaiting: number;
  readonly #running = new Map<string, { turn: QueuedCall; answer: Promise<Answer> }>();
  readonly #waiting = new Set<QueuedCall>();
  #inFlight = 0;

  constructor(maxInFlight: number, maxWaiting: number) {
    this.#maxInFlight = maxInFlight;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Joins the equal request that is under way, or makes it. The work learns with which priority to go: a user who joins lifts
   * what waits for background work.
   */
  share(key: string, priority: Priority, work: (priority: Priority) => Promise<Answer>): Promise<Answer | Failure> {
    const existing = this.#running.get(key);
    if (existing) {
      if (priority === "user") existing.turn.priority = "user";
      return existing.answer;
    }
    const queuedAhead = priority === "background" ? this.#waiting.size : this.#usersWaiting();
    if (queuedAhead >= this.#maxWaiting) return Promise.resolve(failure("throttled", 1));
    const { promise, resolve } = Promise.withResolvers<void>();
    const call: QueuedCall = { priority, start: resolve };
    const answer = this.#runInOrder(key, call, promise, work);
    this.#running.set(key, { turn: call, answer });
    this.#waiting.add(call);
    this.#startNext();
    return answer;
  }

  /** Requests that wait for their turn. */
  waiting(): number {
    return this.#waiting.size;
  }

  #startNext(): void {
    if (this.#inFlight >= this.#maxInFlight) return;
    let next: QueuedCall | undefined;
    for (const call of this.#waiting) {
      if (!next || (call.priority === "user" && next.priority === "background")) next = call;
    }
    if (!next) return;
    this.#waiting.delete(next);
    this.#inFlight++;
    next.start();
  }

  #usersWaiting(): number {
    return [...this.#waiting].filter((call) => call.priority === "user").length;
  }

  async #runInOrder(
    key: string,
    call: QueuedCall,
    started: Promise<void>,
    work: (priority: Priority) => Promise<Answer>,
  ) {
    await started;
    try {
      return await work(call.priority);
    } finally {
      this.#inFlight--;
      this.#running.delete(key);
      this.#startNext();
    }
  }
}
