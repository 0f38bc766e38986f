import { BackgroundWork } from "../../core/concurrency/background-work.ts";
import { StepPacer } from "../../core/concurrency/step-pacer.ts";
import { WorkLane } from "../../core/concurrency/work-lane.ts";

/** What a slice of 20,000 steps takes, in milliseconds: one step is one indicator over one bar. */
const STEP_SLICE_MS = 1;
/** What reading a bar takes, from a store or the simulator, and writing it as a frame. */
const BAR_MS = 0.005;

/** The long work of this isolate: its Worker's, and that of the objects that run in it. */
const lane = new WorkLane(
  () => Date.now(),
  (ms) => scheduler.wait(ms),
);

/** Cuts a calculation into slices, between which short work passes. */
export const newStepPacer = (): StepPacer => new StepPacer(() => lane.pass(STEP_SLICE_MS));

/** Waits until that many bars may be read or written in one go. */
export const passBars = (bars: number): Promise<void> => lane.pass(bars * BAR_MS);

/** The imports of this isolate, and whatever else makes way for requests. */
export const background = new BackgroundWork(
  () => Date.now(),
  (ms) => scheduler.wait(ms),
);
