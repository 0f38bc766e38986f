import { isWithin } from "../../../core/time.ts";
import type { CallerAccount } from "./caller-accounts.ts";

/** A socket as the ledger sees it. */
export interface LedgerSocket {
  readonly account: CallerAccount;
  /** Characters that were written to it and are not acknowledged. */
  readonly unacknowledgedBytes: number;
  /** When it was closed, unix seconds; null while it is open. The runtime keeps its queue until the client has closed it too. */
  readonly closedAt: number | null;
}

/** What an object may have written without an acknowledgement, in characters. */
export interface SendLimits {
  /** By socket; a socket beyond it lags. */
  socket: number;
  /** All sockets that lag together. */
  object: number;
}

/** A caller that has more than this part of the object's limit is the first to lose sockets. */
const CALLER_SHARE = 1 / 4;
/** Seconds within which a client is expected to confirm that its socket is closed. */
const CLOSE_SECONDS = 10;
/**
 * The most that sockets take from the limit whose clients never confirm that they are closed, so that such clients cannot have all other
 * sockets closed.
 */
const MAX_STUCK_SHARE = 1 / 2;
/** An object beyond its limit looks for sockets to close when this part of it was written since, or a second has passed. */
const CHECK_AFTER = 1 / 64;
const CHECK_SECONDS = 1;

/**
 * What the sockets of an object that lag have not acknowledged. A client that reads and never acknowledges lags, too, and goes on while
 * there is room; one that does not read has its queue in the runtime's memory, and only room is scarce.
 */
export class SendLedger<Socket extends LedgerSocket> {
  readonly #limits: SendLimits;
  readonly #lagging = new Map<Socket, number>();
  #total = 0;
  #checked = { total: 0, at: 0 };

  constructor(limits: SendLimits) {
    this.#limits = limits;
  }

  /** What the sockets that lag have not acknowledged, closed ones included. */
  get total(): number {
    return this.#total;
  }

  /** Whether sockets that lag have more than the object may; no client is let in meanwhile. */
  get isFull(): boolean {
    return this.#total > this.#limits.object;
  }

  /** Whether a socket has more that is not acknowledged than one should. */
  isLagging(socket: Socket): boolean {
    return this.#lagging.has(socket);
  }

  /** Takes note of what a socket has not acknowledged now. */
  update(socket: Socket): void {
    const bytes = socket.unacknowledgedBytes;
    const counted = bytes > this.#limits.socket ? bytes : 0;
    this.#total += counted - (this.#lagging.get(socket) ?? 0);
    if (counted > 0) this.#lagging.set(socket, counted);
    else this.#lagging.delete(socket);
  }

  /** Forgets a socket that is gone, and its queue with it. */
  remove(socket: Socket): void {
    this.#total -= this.#lagging.get(socket) ?? 0;
    this.#lagging.delete(socket);
  }

  /**
   * The open sockets to close so that the object is within its limit: first those of callers with more than a quarter of it, and the
   * largest first. None where it is within its limit, or will be when sockets that were closed a moment ago are gone.
   * @param now unix seconds
   */
  excess(now: number): Socket[] {
    const { object } = this.#limits;
    const { total, at } = this.#checked;
    if (!this.isFull || (Math.abs(this.#total - total) < object * CHECK_AFTER && isWithin(CHECK_SECONDS, at, now)))
      return [];
    this.#checked = { total: this.#total, at: now };
    const open = this.#open();
    let stuck = 0;
    for (const [{ closedAt }, bytes] of this.#lagging) {
      if (closedAt !== null && !isWithin(CLOSE_SECONDS, closedAt, now)) stuck += bytes;
    }
    const sum = open.reduce((total, { unacknowledgedBytes }) => total + unacknowledgedBytes, 0);
    const isLarge = ({ account }: Socket): boolean => account.unacknowledgedBytes > object * CALLER_SHARE;
    open.sort((a, b) => Number(isLarge(b)) - Number(isLarge(a)) || b.unacknowledgedBytes - a.unacknowledgedBytes);
    return largest(open, sum + Math.min(stuck, object * MAX_STUCK_SHARE) - object);
  }

  #open(): Socket[] {
    return [...this.#lagging.keys()].filter(({ closedAt }) => closedAt === null);
  }
}

/** The first sockets of a list that together have at least that many characters. */
function largest<Socket extends LedgerSocket>(sockets: readonly Socket[], bytes: number): Socket[] {
  const chosen: Socket[] = [];
  let left = bytes;
  for (const socket of sockets) {
    if (left <= 0) break;
    left -= socket.unacknowledgedBytes;
    chosen.push(socket);
  }
  return chosen;
}
