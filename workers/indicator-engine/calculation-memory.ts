import { ApiError } from "../../contracts/problem.ts";
import { FairShare, type ShareLimits, type ShareOwner } from "../../core/concurrency/fair-share.ts";

/** A bar in memory: seven numbers and a flag, twice while it comes from its room. */
const BYTES_PER_BAR = 2 * (7 * 8 + 1 + 4);
/** A value in memory: as a number, as text, and as a part of the whole text. */
const BYTES_PER_VALUE = 8 + 2 * 18;

const MIB = 2 ** 20;

/**
 * What all calculations of an isolate may hold at a time, of its 128 MB. One caller may have more than half of it, because the largest
 * calculation that is allowed needs that.
 */
const LIMITS: ShareLimits = { total: 64 * MIB, perCaller: 40 * MIB, reservedForKeys: 16 * MIB };

/** Seconds after which there is room again, most probably. */
const RETRY_AFTER = "2";

/** The size of a calculation while it is worked on. */
export interface CalculationSize {
  /** Bars that are held at a time, with their history. */
  bars: number;
  /** Numbers that are answered. */
  values: number;
}

const bytesOf = ({ bars, values }: CalculationSize): number => bars * BYTES_PER_BAR + values * BYTES_PER_VALUE;

/** The memory that calculations hold, shared among their callers. What does not fit is refused at once: nothing waits for memory. */
export class CalculationMemory {
  readonly #share: FairShare;

  constructor(limits: ShareLimits = LIMITS) {
    this.#share = new FairShare(limits);
  }

  /** Bytes that are held. */
  get held(): number {
    return this.#share.total;
  }

  /**
   * Works on something while its memory is held.
   * @throws ApiError rate_limit.exceeded where there is no room for it
   */
  async hold<T>(owner: ShareOwner, size: CalculationSize, work: () => Promise<T>): Promise<T> {
    const bytes = bytesOf(size);
    const refusal = this.#share.refusal(owner, bytes);
    if (refusal !== null) throw noRoom(refusal === "caller");
    this.#share.take(owner, bytes);
    try {
      return await work();
    } finally {
      this.#share.release(owner, bytes);
    }
  }
}

function noRoom(isOwnShare: boolean): ApiError {
  const detail = isOwnShare
    ? "Your calculations that are under way hold as much memory as one caller's may. Ask for one after the other."
    : "Calculations hold as much memory as they may at the moment. Ask again in a moment, or for fewer bars.";
  return new ApiError("rate_limit.exceeded", detail, { headers: { "Retry-After": RETRY_AFTER } });
}

/** The memory of this isolate's calculations. */
export const calculationMemory = new CalculationMemory();
