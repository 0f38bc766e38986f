/** A contender: a name and what it does once. */
export interface Contender {
  readonly name: string;
  run(): void;
}

/** How long to take over a comparison. */
export interface Effort {
  /** Each contender is run for so long before it is measured, so that the compiler has done its last. */
  readonly warmUpMs: number;
  /** What all samples of all contenders may take together, if these are not too few. */
  readonly budgetMs: number;
}

const SAMPLE_MS = 2;
const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 201;

/**
 * The median milliseconds of one run of each contender. They take turns, a short sample each, so that what else the
 * machine does falls on all of them alike.
 */
export function medians(contenders: readonly Contender[], effort: Effort): Map<string, number> {
  const runs = contenders.map(({ run }) => ({ run, once: warmedUp(run, effort), samples: [] as number[] }));
  const roundMs = runs.reduce((total, { once }) => total + Math.max(once, SAMPLE_MS), 0);
  const rounds = Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, Math.floor(effort.budgetMs / roundMs)));
  for (let round = 0; round < rounds; round++) {
    for (const { run, once, samples } of runs) samples.push(sample(run, Math.max(1, Math.round(SAMPLE_MS / once))));
  }
  return new Map(contenders.map(({ name }, i) => [name, median(runs[i].samples)]));
}

/** Runs it until it is compiled; gives the milliseconds of one run. */
function warmedUp(run: () => void, { warmUpMs }: Effort): number {
  const start = performance.now();
  while (performance.now() - start < warmUpMs) run();
  return Math.max(sample(run, 3), 1e-4);
}

/** The milliseconds of one run, taken over so many. */
function sample(run: () => void, repetitions: number): number {
  const start = performance.now();
  for (let i = 0; i < repetitions; i++) run();
  return (performance.now() - start) / repetitions;
}

function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
