import { minuteOf, type Quota } from "../../core/scheduling/quota.ts";
import type { LeaseReply, LeaseRequest, Standing } from "./usage-meter.ts";

/** Asks a key's meter. It may fail. */
type Ask = (request: LeaseRequest) => Promise<LeaseReply>;

/** Whether a cost was paid, and where the key stands, as far as this isolate knows; null where its meter does not answer. */
export interface Payment {
  paid: boolean;
  standing: Standing | null;
}

/** Tokens of one key that an isolate holds. Times are unix milliseconds. */
interface Lease {
  minute: number;
  tokens: number;
  /** What was granted last; a quarter of it left is the sign to ask for more. */
  block: number;
  /** What the meter said last; null where it has said nothing yet. */
  standing: Standing | null;
  /** Until then somebody is asking for a block, and others ask for what they need alone. */
  askingUntil: number;
  /** Until then a cost of at least `refusedCost` is refused without asking. */
  refusedUntil: number;
  refusedCost: number;
  /** Until then everything passes: the meter does not answer. */
  openUntil: number;
}

const newLease = (): Lease => ({
  minute: 0,
  tokens: 0,
  block: 0,
  standing: null,
  askingUntil: 0,
  refusedUntil: 0,
  refusedCost: 0,
  openUntil: 0,
});

/** Where a key stands for its holder: what is left to all, and what this isolate holds of it. */
function standingOf({ standing, tokens }: Lease): Standing | null {
  if (!standing) return null;
  const { left, resets } = standing;
  return { left: { minute: left.minute + tokens, day: left.day + tokens }, resets };
}

/** Takes in what the meter said. A reply that the next minute has overtaken is worth nothing any more. */
function receive(lease: Lease, { minute, granted, left, resets }: LeaseReply, spent: number): void {
  if (minute < lease.minute) return;
  if (minute > lease.minute) lease.tokens = 0;
  lease.minute = minute;
  lease.tokens += granted - spent;
  if (granted > spent) lease.block = granted;
  lease.standing = { left, resets };
}

const ASKING_FOR_MS = 2_000;
/** Others may give tokens back at any time, so a refusal is not kept for long. */
const REFUSED_FOR_MS = 1_000;
/** A meter that failed is left alone for this long. */
const OPEN_FOR_MS = 1_000;
const MOST_KEYS = 5_000;

/** Tokens that an isolate holds, so that most requests are paid for without asking anyone. */
export interface Leases {
  /**
   * Pays `cost` for a request. Where the meter fails the request passes, and `failed` is told.
   * @param later called with work that nobody waits for
   */
  pay(
    key: { prefix: string; quota: Quota },
    cost: number,
    ask: Ask,
    later: (work: Promise<void>) => void,
    failed: (error: Error) => void,
  ): Promise<Payment>;
  /** Tokens of the running minute that this isolate holds of a key and has not spent. */
  unspent(prefix: string): number;
}

/** Opens leases that hold nothing yet. They hold values, never promises: each request asks for itself. */
export function openLeases(holder: string, now: () => number = () => Date.now()): Leases {
  const held = new Map<string, Lease>();

  const running = (lease: Lease): boolean => lease.minute === minuteOf(now() / 1000);

  function leaseOf(prefix: string): Lease {
    const known = held.get(prefix);
    // One of a minute that lies further ahead is of a clock that was set back, and so is all that it waits for.
    const lease = known && known.minute <= minuteOf(now() / 1000) + 1 ? known : newLease();
    held.delete(prefix);
    held.set(prefix, lease);
    const oldest = held.keys().next();
    if (held.size > MOST_KEYS && !oldest.done) held.delete(oldest.value);
    return lease;
  }

  /** Whether this is the one who asks for a block. */
  function begins(lease: Lease): boolean {
    if (lease.askingUntil > now()) return false;
    lease.askingUntil = now() + ASKING_FOR_MS;
    return true;
  }

  async function refill(lease: Lease, quota: Quota, ask: Ask, failed: (error: Error) => void): Promise<void> {
    try {
      receive(lease, await ask({ holder, quota, cost: 0, ahead: true, unspent: null }), 0);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failed(error);
    }
    lease.askingUntil = 0;
  }

  async function askFor(lease: Lease, quota: Quota, cost: number, ask: Ask): Promise<boolean> {
    const ahead = begins(lease);
    const unspent = lease.tokens > 0 ? { minute: lease.minute, tokens: lease.tokens } : null;
    lease.tokens = 0;
    const reply = await ask({ holder, quota, cost, ahead, unspent });
    const paid = reply.granted >= cost;
    receive(lease, reply, paid ? cost : 0);
    if (ahead) lease.askingUntil = 0;
    lease.refusedUntil = paid ? 0 : now() + REFUSED_FOR_MS;
    lease.refusedCost = cost;
    return paid;
  }

  return {
    async pay({ prefix, quota }, cost, ask, later, failed) {
      const lease = leaseOf(prefix);
      if (lease.openUntil > now()) return { paid: true, standing: null };
      if (running(lease) && lease.tokens >= cost) {
        lease.tokens -= cost;
        if (lease.tokens < lease.block / 4 && begins(lease)) later(refill(lease, quota, ask, failed));
        return { paid: true, standing: standingOf(lease) };
      }
      if (running(lease) && lease.refusedUntil > now() && cost >= lease.refusedCost) {
        return { paid: false, standing: standingOf(lease) };
      }
      try {
        return { paid: await askFor(lease, quota, cost, ask), standing: standingOf(lease) };
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        lease.openUntil = now() + OPEN_FOR_MS;
        failed(error);
        return { paid: true, standing: null };
      }
    },

    unspent(prefix) {
      const lease = held.get(prefix);
      return lease && running(lease) ? lease.tokens : 0;
    },
  };
}
