/** The finest grain of the clock that flushes what waits (milliseconds). */
const GRAIN_MS = 20;

/** Frames that wait for their moment. There is a timer only while something waits, so that the object can hibernate. */
export class ConflationTimer {
  readonly #pending = new Set<Conflation>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** When the timer goes off, in milliseconds. */
  #flushAt = Number.POSITIVE_INFINITY;

  add(conflation: Conflation): void {
    this.#pending.add(conflation);
    if (this.#timer !== null && this.#flushAt <= conflation.dueAt) return;
    this.#stop();
    this.#flushBy(conflation.dueAt);
  }

  delete(conflation: Conflation): void {
    this.#pending.delete(conflation);
    if (this.#pending.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #flushBy(dueAt: number): void {
    this.#flushAt = dueAt;
    this.#timer = setTimeout(() => this.#flush(), Math.max(GRAIN_MS, dueAt - Date.now()));
  }

  #flush(): void {
    const now = Date.now();
    this.#timer = null;
    let next = Number.POSITIVE_INFINITY;
    for (const conflation of this.#pending) {
      if (conflation.dueAt <= now) conflation.flush();
      else next = Math.min(next, conflation.dueAt);
    }
    this.#stop();
    if (next < Number.POSITIVE_INFINITY) this.#flushBy(next);
  }
}

const MARKET_DATA = '{"type":"market_data",';

/** A frame that says how many of its kind were left out before it. */
export function withSkipped(text: string, skipped: number): string {
  if (skipped === 0 || !text.startsWith(MARKET_DATA)) return text;
  return `${MARKET_DATA}"skipped":${skipped},${text.slice(MARKET_DATA.length)}`;
}

/** Lets the latest of one subscription's frames through, at most that many times a second. */
export class Conflation {
  readonly #period: number;
  /** When the last frame left, in milliseconds. */
  #sentAt = 0;
  readonly #timer: ConflationTimer;
  readonly #send: (text: string) => void;
  readonly #factor: () => number;
  #latest: string | null = null;
  #skipped = 0;

  /** @param factor how many times longer than that a frame waits now, for the load of the object */
  constructor(maxHz: number, waiting: ConflationTimer, send: (text: string) => void, factor: () => number) {
    this.#period = 1000 / maxHz;
    this.#timer = waiting;
    this.#send = send;
    this.#factor = factor;
  }

  /** Takes a frame: it leaves at once, or when its time has come, unless a later one replaces it. */
  onEvent(text: string): void {
    if (this.#latest !== null) {
      this.#skipped++;
      this.#latest = text;
      return;
    }
    this.#latest = text;
    if (Date.now() >= this.dueAt) this.flush();
    else this.#timer.add(this);
  }

  /** When the next frame may leave, in milliseconds; at once after a clock was set back. */
  get dueAt(): number {
    return this.#sentAt > Date.now() ? 0 : this.#sentAt + this.#period * this.#factor();
  }

  /** Sends what waits. */
  flush(): void {
    this.#timer.delete(this);
    if (this.#latest === null) return;
    const text = withSkipped(this.#latest, this.#skipped);
    this.#sentAt = Date.now();
    this.drop();
    this.#send(text);
  }

  /** Forgets what waits. */
  drop(): void {
    this.#timer.delete(this);
    this.#latest = null;
    this.#skipped = 0;
  }
}
