import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { type Failure, failure } from "../../providers/provider.ts";

/** Requests of one kind: equal ones that overlap in time are made once, and only so many are made at a time. */
export interface SharedRequests<Answer> {
  /**
   * Joins the equal request that is under way, or makes it. The work learns with which priority to go: a user who joins lifts
   * what waits for background work.
   */
  share(key: string, priority: Priority, work: (priority: Priority) => Promise<Answer>): Promise<Answer | Failure>;
  /** Requests that wait for their turn. */
  waiting(): number;
}

interface QueuedCall {
  priority: Priority;
  start: () => void;
}

/**
 * Requests of which at most `lanes` are made at a time, users' first, and those beyond `mostWaiting` are refused at once; background
 * work does not count where a user asks.
 */
export function openSharedRequests<Answer>(lanes: number, maxWaiting: number): SharedRequests<Answer> {
  const running = new Map<string, { turn: QueuedCall; answer: Promise<Answer> }>();
  const waiting = new Set<QueuedCall>();
  let busy = 0;

  function startNext(): void {
    if (busy >= lanes) return;
    let next: QueuedCall | undefined;
    for (const turn of waiting) {
      if (!next || (turn.priority === "user" && next.priority === "background")) next = turn;
    }
    if (!next) return;
    waiting.delete(next);
    busy++;
    next.start();
  }

  const usersWaiting = (): number => [...waiting].filter((turn) => turn.priority === "user").length;

  async function runInOrder(
    key: string,
    turn: QueuedCall,
    started: Promise<void>,
    work: (priority: Priority) => Promise<Answer>,
  ) {
    await started;
    try {
      return await work(turn.priority);
    } finally {
      busy--;
      running.delete(key);
      startNext();
    }
  }

  return {
    share(key, priority, work) {
      const same = running.get(key);
      if (same) {
        if (priority === "user") same.turn.priority = "user";
        return same.answer;
      }
      const ahead = priority === "background" ? waiting.size : usersWaiting();
      if (ahead >= maxWaiting) return Promise.resolve(failure("throttled", 1));
      const { promise, resolve } = Promise.withResolvers<void>();
      const turn: QueuedCall = { priority, start: resolve };
      const answer = runInOrder(key, turn, promise, work);
      running.set(key, { turn, answer });
      waiting.add(turn);
      startNext();
      return answer;
    },
    waiting: () => waiting.size,
  };
}
