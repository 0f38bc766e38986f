import { minuteOf, type Quota } from "../../core/scheduling/quota.ts";
import type { LeaseReply, LeaseRequest, QuotaState } from "./usage-meter.ts";

/** Asks a key's meter. It may fail. */
type RequestLease = (request: LeaseRequest) => Promise<LeaseReply>;

/** Whether a cost was paid, and where the key stands, as far as this isolate knows; null where its meter does not answer. */
export interface Acquisition {
  isGranted: boolean;
  quotaState: QuotaState | null;
}

/** Tokens of one key that an isolate holds. Times are unix milliseconds. */
interface Lease {
  minute: number;
  tokens: number;
  /** What was granted last; a quarter of it left is the sign to ask for more. */
  lastGrant: number;
  /** What the meter said last; null where it has said nothing yet. */
  quotaState: QuotaState | null;
  /** Until then a client is asking for a block, and others ask for what they need alone. */
  requestingUntil: number;
  /** Until then a cost of at least `refusedCost` is refused without asking. */
  rejectedUntil: number;
  rejectedCost: number;
  /** Until then everything passes: the meter does not answer. */
  failOpenUntil: number;
}

const newLease = (): Lease => ({
  minute: 0,
  tokens: 0,
  lastGrant: 0,
  quotaState: null,
  requestingUntil: 0,
  rejectedUntil: 0,
  rejectedCost: 0,
  failOpenUntil: 0,
});

/** Where a key stands for its holder: what is left to all, and what this isolate holds of it. */
function quotaStateOf({ quotaState, tokens }: Lease): QuotaState | null {
  if (!quotaState) return null;
  const { left, resets } = quotaState;
  return { left: { minute: left.minute + tokens, day: left.day + tokens }, resets };
}

/** Takes in what the meter said. A reply that the next minute has overtaken is worth nothing any more. */
function addGrant(lease: Lease, { minute, granted, left, resets }: LeaseReply, spent: number): void {
  if (minute < lease.minute) return;
  if (minute > lease.minute) lease.tokens = 0;
  lease.minute = minute;
  lease.tokens += granted - spent;
  if (granted > spent) lease.lastGrant = granted;
  lease.quotaState = { left, resets };
}

const REQUEST_TIMEOUT_MS = 2_000;
/** Others may return tokens at any time, so a refusal is not kept for long. */
const REJECTION_TTL_MS = 1_000;
/** A meter that failed is left alone for this long. */
const FAIL_OPEN_MS = 1_000;
const MAX_KEYS = 5_000;

/** Tokens that an isolate holds, so that most requests are paid for without asking anyone. */
export class Leases {
  readonly #holder: string;
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();

  constructor(holder: string, now: () => number = () => Date.now()) {
    this.#holder = holder;
    this.#now = now;
  }

  /**
   * Pays `cost` for a request. Where the meter fails the request passes, and `failed` is called.
   * @param waitUntil called with work that no client waits for
   */
  async acquire(
    { prefix, quota }: { prefix: string; quota: Quota },
    cost: number,
    requestLease: RequestLease,
    waitUntil: (work: Promise<void>) => void,
    onFailure: (error: Error) => void,
  ): Promise<Acquisition> {
    const lease = this.#leaseOf(prefix);
    if (lease.failOpenUntil > this.#now()) return { isGranted: true, quotaState: null };
    if (this.#isCurrent(lease) && lease.tokens >= cost) {
      lease.tokens -= cost;
      if (lease.tokens < lease.lastGrant / 4 && this.#startsRequest(lease))
        waitUntil(this.#refill(lease, quota, requestLease, onFailure));
      return { isGranted: true, quotaState: quotaStateOf(lease) };
    }
    if (this.#isCurrent(lease) && lease.rejectedUntil > this.#now() && cost >= lease.rejectedCost) {
      return { isGranted: false, quotaState: quotaStateOf(lease) };
    }
    try {
      return { isGranted: await this.#request(lease, quota, cost, requestLease), quotaState: quotaStateOf(lease) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      lease.failOpenUntil = this.#now() + FAIL_OPEN_MS;
      onFailure(error);
      return { isGranted: true, quotaState: null };
    }
  }

  /** Tokens of the running minute that this isolate holds of a key and has not spent. */
  unspent(prefix: string): number {
    const lease = this.#leases.get(prefix);
    return lease && this.#isCurrent(lease) ? lease.tokens : 0;
  }

  #isCurrent(lease: Lease): boolean {
    return lease.minute === minuteOf(this.#now() / 1000);
  }

  #leaseOf(prefix: string): Lease {
    const known = this.#leases.get(prefix);
    // One of a minute that lies further ahead is of a clock that was set back, and so is all that it waits for.
    const lease = known && known.minute <= minuteOf(this.#now() / 1000) + 1 ? known : newLease();
    this.#leases.delete(prefix);
    this.#leases.set(prefix, lease);
    const oldest = this.#leases.keys().next();
    if (this.#leases.size > MAX_KEYS && !oldest.done) this.#leases.delete(oldest.value);
    return lease;
  }

  /** Whether this is the one who asks for a block. */
  #startsRequest(lease: Lease): boolean {
    if (lease.requestingUntil > this.#now()) return false;
    lease.requestingUntil = this.#now() + REQUEST_TIMEOUT_MS;
    return true;
  }

  async #refill(
    lease: Lease,
    quota: Quota,
    requestLease: RequestLease,
    onFailure: (error: Error) => void,
  ): Promise<void> {
    try {
      addGrant(lease, await requestLease({ holder: this.#holder, quota, cost: 0, ahead: true, unspent: null }), 0);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      onFailure(error);
    }
    lease.requestingUntil = 0;
  }

  async #request(lease: Lease, quota: Quota, cost: number, requestLease: RequestLease): Promise<boolean> {
    const prefetch = this.#startsRequest(lease);
    const unspent = lease.tokens > 0 ? { minute: lease.minute, tokens: lease.tokens } : null;
    lease.tokens = 0;
    const reply = await requestLease({ holder: this.#holder, quota, cost, ahead: prefetch, unspent });
    const isGranted = reply.granted >= cost;
    addGrant(lease, reply, isGranted ? cost : 0);
    if (prefetch) lease.requestingUntil = 0;
    lease.rejectedUntil = isGranted ? 0 : this.#now() + REJECTION_TTL_MS;
    lease.rejectedCost = cost;
    return isGranted;
  }
}
