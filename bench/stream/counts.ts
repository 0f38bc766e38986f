import type { Measured } from "./orders.ts";

/** Latencies are counted by the millisecond; longer ones count as the longest. */
const MAX_MS = 120_000;

/** How far a symbol's events came within a span. */
interface SeqRange {
  first: number;
  last: number;
  frames: number;
}

/** Counts the frames that a crowd gets of events that are due in `(from, to]`, unix milliseconds. */
export class Counter {
  readonly from: number;
  readonly to: number;
  private readonly latencies = new Uint32Array(MAX_MS + 1);
  private readonly stretches = new Map<string, SeqRange>();
  /** When the last frame of each wave came, by when it was due. */
  private readonly waves = new Map<number, number>();
  private frames = 0;
  private disordered = 0;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }

  /**
   * Takes a frame.
   * @param last the number of the symbol's last frame on the same socket; 0 where it is the first
   */
  take(symbol: string, seq: number, last: number, due: number, now: number): void {
    if (due <= this.from || due > this.to) return;
    this.frames++;
    if (seq <= last) this.disordered++;
    this.latencies[Math.min(MAX_MS, Math.max(0, Math.round(now - due)))]++;
    this.waves.set(due, now);
    const stretch = this.stretches.get(symbol);
    if (!stretch) {
      this.stretches.set(symbol, { first: seq, last: seq, frames: 1 });
      return;
    }
    stretch.frames++;
    if (seq < stretch.first) stretch.first = seq;
    if (seq > stretch.last) stretch.last = seq;
  }

  /** What there is to say of a crowd of that many sockets, each of which was to get every event once. */
  figures(sockets: number): Omit<Measured, "client_cpu" | "received"> {
    let events = 0;
    for (const { first, last } of this.stretches.values()) events += last - first + 1;
    return {
      sockets,
      events,
      frames: this.frames,
      frames_per_s: Math.round(this.frames / ((this.to - this.from) / 1000)),
      busy_frames_per_s: Math.round(this.frames / (this.busyMs() / 1000)),
      p50_ms: this.percentile(0.5),
      p95_ms: this.percentile(0.95),
      p99_ms: this.percentile(0.99),
      lost: events * sockets - this.frames,
      disordered: this.disordered,
    };
  }

  private percentile(share: number): number {
    const rank = Math.ceil(share * this.frames);
    let seen = 0;
    for (let ms = 0; ms <= MAX_MS; ms++) {
      seen += this.latencies[ms];
      if (seen >= rank) return ms;
    }
    return MAX_MS;
  }

  /** Milliseconds in which some wave was under way. */
  private busyMs(): number {
    let busy = 0;
    let reached = 0;
    for (const [due, done] of [...this.waves].sort(([a], [b]) => a - b)) {
      if (done <= reached) continue;
      busy += done - Math.max(due, reached);
      reached = done;
    }
    return Math.max(1, busy);
  }
}
