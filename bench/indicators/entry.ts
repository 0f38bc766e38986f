/**
 * The Worker in which indicators are measured, as they run where they are deployed. `?names=RSI,EMA&candles=1000&run=batch&times=50`
 * runs one contender that many times. The clock stands still in here: who asks takes the time.
 */
import { parseSpec } from "../../core/indicators/spec.ts";
import { type Runs, runsOf } from "./contenders.ts";
import { handlerCandles, handlerOf } from "./handler.ts";
import { randomWalk } from "./series.ts";

/** The contenders of the last question; those before it are forgotten, for the long series are large. */
let known: { subject: string; runs: Runs } | undefined;

function runsFor(names: string, candles: number): Runs {
  const context = `${names} ${candles}`;
  if (known?.subject === context) return known.runs;
  const indicators = names.split(",");
  const handler = handlerOf(indicators.map(parseSpec), randomWalk(handlerCandles(candles)));
  const others = runsOf(indicators, randomWalk(candles));
  known = { subject: context, runs: new Map([...others, ["handler", handler], ["nothing", () => {}]]) };
  return known.runs;
}

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const runs = runsFor(searchParams.get("names") ?? "", Number(searchParams.get("candles")));
    const run = runs.get(searchParams.get("run") ?? "");
    if (!run) return new Response("There is no such contender.", { status: 400 });
    const times = Number(searchParams.get("times"));
    for (let i = 0; i < times; i++) run();
    return new Response("done");
  },
} satisfies ExportedHandler;
