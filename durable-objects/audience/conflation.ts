/** The finest grain of the clock that flushes what waits (milliseconds). */
const GRAIN_MS = 20;

/** Frames that wait for their moment. There is a timer only while something waits, so that the object can hibernate. */
export class Waiting {
  private readonly waiting = new Set<Conflation>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  add(conflation: Conflation): void {
    this.waiting.add(conflation);
    this.timer ??= setTimeout(() => this.flush(), Math.max(GRAIN_MS, conflation.dueAt - Date.now()));
  }

  delete(conflation: Conflation): void {
    this.waiting.delete(conflation);
    if (this.waiting.size > 0 || this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
  }

  private flush(): void {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const conflation of this.waiting) {
      if (conflation.dueAt <= now) conflation.flush();
      else next = Math.min(next, conflation.dueAt);
    }
    this.timer =
      next < Number.POSITIVE_INFINITY ? setTimeout(() => this.flush(), Math.max(GRAIN_MS, next - now)) : null;
  }
}

const MARKET_DATA = '{"type":"market_data",';

/** A frame that says how many of its kind were left out before it. */
export function withSkipped(text: string, skipped: number): string {
  if (skipped === 0 || !text.startsWith(MARKET_DATA)) return text;
  return `${MARKET_DATA}"skipped":${skipped},${text.slice(MARKET_DATA.length)}`;
}

/** Lets the latest of one subscription's frames through, at most so many times a second. */
export class Conflation {
  /** When the next frame may leave, in milliseconds. */
  dueAt = 0;
  private readonly period: number;
  private readonly waiting: Waiting;
  private readonly send: (text: string) => void;
  private latest: string | null = null;
  private skipped = 0;

  constructor(maxHz: number, waiting: Waiting, send: (text: string) => void) {
    this.period = 1000 / maxHz;
    this.waiting = waiting;
    this.send = send;
  }

  /** Takes a frame: it leaves at once, or when its time has come, unless a later one takes its place. */
  offer(text: string): void {
    if (this.latest !== null) {
      this.skipped++;
      this.latest = text;
      return;
    }
    this.latest = text;
    if (Date.now() >= this.dueAt) this.flush();
    else this.waiting.add(this);
  }

  /** Sends what waits. */
  flush(): void {
    this.waiting.delete(this);
    if (this.latest === null) return;
    const text = withSkipped(this.latest, this.skipped);
    this.dueAt = Date.now() + this.period;
    this.drop();
    this.send(text);
  }

  /** Forgets what waits. */
  drop(): void {
    this.waiting.delete(this);
    this.latest = null;
    this.skipped = 0;
  }
}
