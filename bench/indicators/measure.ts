/** A contender: a name, and the milliseconds that it takes to do its work that many times. */
export interface Contender {
  readonly name: string;
  run(times: number): Promise<number>;
}

/** How long to take over a comparison. */
export interface Effort {
  /** Each contender is run for so long before it is measured, so that the compiler has done its last. */
  readonly warmUpMs: number;
  /** What all samples of all contenders may take together, if these are not too few. */
  readonly budgetMs: number;
}

const SAMPLE_MS = 25;
/** One run in this many is a warm-up and does not count. */
const WARM_UP_ROUNDS = 4;
const MIN_ROUNDS = 5;
const MAX_ROUNDS = 101;

/**
 * The median milliseconds of one run of each contender. They take turns, a short sample each, so that what else the
 * machine does falls on all of them alike.
 */
export async function medians(contenders: readonly Contender[], effort: Effort): Promise<Map<string, number>> {
  const contestants = [];
  for (const contender of contenders) {
    const once = await warmedUp(contender, effort);
    contestants.push({ ...contender, once, times: Math.max(1, Math.round(SAMPLE_MS / once)), samples: [] as number[] });
  }
  const roundMs = contestants.reduce((total, { once, times }) => total + once * times, 0);
  const rounds = Math.min(MAX_ROUNDS, Math.max(MIN_ROUNDS, Math.floor(effort.budgetMs / roundMs)));
  for (let round = 0; round < rounds; round++) {
    for (const { run, times, samples } of contestants) {
      // Who comes first after another clears away what the other left: that does not count.
      await run(Math.ceil(times / WARM_UP_ROUNDS));
      samples.push((await run(times)) / times);
    }
  }
  return new Map(contestants.map(({ name, samples }) => [name, median(samples)]));
}

/** Runs it, ever more often, until it is compiled; returns the milliseconds of one run. */
async function warmedUp({ run }: Contender, { warmUpMs }: Effort): Promise<number> {
  let times = 1;
  let spent = 0;
  for (;;) {
    const ms = await run(times);
    spent += ms;
    if (spent >= warmUpMs) return Math.max(ms / times, 1e-4);
    if (ms < SAMPLE_MS) times *= 2;
  }
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
