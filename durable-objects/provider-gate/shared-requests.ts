import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";

interface QueuedCall {
  priority: Priority;
  start: () => void;
}

/** Requests of one kind: equal ones that overlap in time are made once, and only that many are made at a time. */
export class SharedRequests<Answer> {
  readonly #lanes: number;
  readonly #maxWaiting: number;
  readonly #running = new Map<string, { turn: QueuedCall; answer: Promise<Answer> }>();
  readonly #waiting = new Set<QueuedCall>();
  #busy = 0;

  constructor(lanes: number, maxWaiting: number) {
    this.#lanes = lanes;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Joins the equal request that is under way, or makes it. The work learns with which priority to go: a user who joins lifts
   * what waits for background work.
   */
  share(key: string, priority: Priority, work: (priority: Priority) => Promise<Answer>): Promise<Answer | Failure> {
    const same = this.#running.get(key);
    if (same) {
      if (priority === "user") same.turn.priority = "user";
      return same.answer;
    }
    const ahead = priority === "background" ? this.#waiting.size : this.#usersWaiting();
    if (ahead >= this.#maxWaiting) return Promise.resolve(failure("throttled", 1));
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn: QueuedCall = { priority, start: resolve };
    const answer = this.#runInOrder(key, turn, promise, work);
    this.#running.set(key, { turn, answer });
    this.#waiting.add(turn);
    this.#startNext();
    return answer;
  }

  /** Requests that wait for their turn. */
  waiting(): number {
    return this.#waiting.size;
  }

  #startNext(): void {
    if (this.#busy >= this.#lanes) return;
    let next: QueuedCall | undefined;
    for (const turn of this.#waiting) {
      if (!next || (turn.priority === "user" && next.priority === "background")) next = turn;
    }
    if (!next) return;
    this.#waiting.delete(next);
    this.#busy++;
    next.start();
  }

  #usersWaiting(): number {
    return [...this.#waiting].filter((turn) => turn.priority === "user").length;
  }

  async #runInOrder(
    key: string,
    turn: QueuedCall,
    started: Promise<void>,
    work: (priority: Priority) => Promise<Answer>,
  ) {
    await started;
    try {
      return await work(turn.priority);
    } finally {
      this.#busy--;
      this.#running.delete(key);
      this.#startNext();
    }
  }
}
