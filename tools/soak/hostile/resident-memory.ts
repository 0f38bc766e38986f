import { measureUsage } from "../../runtime-usage.ts";
import type { Heap } from "../memory/heap.ts";
import { pause } from "./pause.ts";

const SAMPLE_MS = 250;
const REST_MS = 1_000;
/** The runtime is at rest once this many measurements, a second apart, have been taken. */
const MEASUREMENTS = 3;
/** The runtime lets objects go that were idle for up to 140 seconds, and only then their memory. */
const MAX_REST_MS = 150_000;

/** How much memory a process is seen to take. */
export interface PeakWatch {
  /** The most so far, MB. */
  readonly peak: number;
  stop(): void;
}

/** The size of the runtime's process, in MB; 0 where the system does not say. */
export class ResidentMemory {
  readonly #pid: number | null;
  readonly #heap: Heap;

  constructor(pid: number | null, heap: Heap) {
    this.#pid = pid;
    this.#heap = heap;
  }

  /** null where the system does not say, or the process has ended. */
  now(): number | null {
    return measureUsage(this.#pid)?.rss_mb ?? null;
  }

  /** Watches the process; calls `onSample` with what it takes. */
  watch(onSample: (mb: number) => void): PeakWatch {
    let peak = 0;
    const sample = (): void => {
      const mb = this.now() ?? 0;
      peak = Math.max(peak, mb);
      onSample(mb);
    };
    sample();
    const sampling = setInterval(sample, SAMPLE_MS);
    return {
      get peak() {
        return peak;
      },
      stop: () => clearInterval(sampling),
    };
  }

  /** The least that is in use at rest, all garbage collected: the allocator returns memory a while after it is free. */
  async atRest(): Promise<number> {
    let least = await this.#collected();
    for (let i = 1; i < MEASUREMENTS; i++) {
      await pause(REST_MS);
      least = Math.min(least, await this.#collected());
    }
    return least;
  }

  /** What is in use once it is no more than `enough`, or else when all idle objects are gone. */
  async comesDownTo(enough: number): Promise<number> {
    const begun = Date.now();
    for (;;) {
      const mb = await this.#collected();
      if (mb <= enough || Date.now() - begun > MAX_REST_MS) return mb;
      await pause(REST_MS);
    }
  }

  async #collected(): Promise<number> {
    await this.#heap.measure();
    return this.now() ?? 0;
  }
}
