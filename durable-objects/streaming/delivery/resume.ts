import { MAX_REPLAYED_BYTES, MAX_REPLAYED_EVENTS } from "../../../contracts/stream.ts";
import type { BarReplay, QuotePosition, RoomClient } from "../../symbol-events/symbol-events.ts";
import type { Subscription } from "../protocol/subscription.ts";
import type { Start } from "../subscriptions/subscriber.ts";

/** Where a client says it was: a position in the quotes or the opening of a bar; null where it says nothing. */
export type Since = { epoch: string; seq: number } | { time: number } | null;

/** Where a symbol's subscriptions go on, and what their confirmation says of it, in JSON. */
export interface ResumeResult {
  start: Start;
  text: string;
  /** Whether everything that was missed is in the text; null where the client said of no place that it was there. */
  recovered: boolean | null;
  /** Events of what was missed that are in the text, and their size. */
  events: number;
  bytes: number;
}

/** What one confirmation may still hold. */
export interface ResumeBudget {
  events: number;
  bytes: number;
}

export const fullBudget = (): ResumeBudget => ({ events: MAX_REPLAYED_EVENTS, bytes: MAX_REPLAYED_BYTES });

const sizeOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length + 1, 0);

const fits = (texts: readonly string[], budget: ResumeBudget): boolean =>
  texts.length <= budget.events && sizeOf(texts) <= budget.bytes;

const quotePosition = (since: Since): QuotePosition | null => (since !== null && "seq" in since ? since : null);
const barTime = (since: Since): number | null => (since !== null && "time" in since ? since.time : null);

async function resumeQuotes(
  room: RoomClient,
  symbol: string,
  since: Since,
  budget: ResumeBudget,
): Promise<ResumeResult> {
  const asked = quotePosition(since);
  let answer = await room.replayQuotes(symbol, asked);
  let { recovered } = answer;
  if (recovered && !fits(answer.missed, budget)) {
    answer = await room.replayQuotes(symbol, null);
    recovered = false;
  }
  const missed = recovered ? answer.missed : [];
  const { epoch, seq } = answer.position;
  const snapshot = recovered ? "null" : (answer.snapshot ?? "null");
  const text = `{"epoch":${JSON.stringify(epoch)},"seq":${seq},"recovered":${recovered},"missed":[${missed.join()}],"snapshot":${snapshot}}`;
  return { start: { quotes: answer.position }, text, recovered, events: missed.length, bytes: sizeOf(missed) };
}

/** Why a room reads nothing for a client now. */
export interface ResumeRefusal {
  code: "stream.overloaded";
  detail: string;
}

function resumeBars(answers: readonly BarReplay[], budget: ResumeBudget): ResumeResult {
  const times = answers.flatMap(({ time }) => (time === null ? [] : [time]));
  // Where the indicators of one interval stand apart, the earliest of them is where all can go on from.
  const time = times.length > 0 ? Math.min(...times) : null;
  const all = answers.flatMap(({ missed }) => missed);
  const isAsked = answers.some(({ recovered }) => recovered !== null);
  const isWhole = answers.every(({ recovered }) => recovered !== false) && fits(all, budget);
  const recovered = isAsked ? isWhole : null;
  const missed = recovered ? all : [];
  const text = `{"time":${time},"recovered":${recovered},"missed":[${missed.join()}]}`;
  return { start: { bars: time }, text, recovered, events: missed.length, bytes: sizeOf(missed) };
}

/**
 * What a client missed of the subscriptions that one message makes for one symbol, which are all of one channel and interval:
 * everything, or nothing and a snapshot; never a part. More than the budget is nothing.
 */
export async function resume(
  room: RoomClient,
  symbol: string,
  subscriptions: readonly Subscription[],
  since: Since,
  budget: ResumeBudget,
): Promise<ResumeResult | ResumeRefusal> {
  const [first] = subscriptions;
  if (first.channel === "quotes") return resumeQuotes(room, symbol, since, budget);
  const time = barTime(since);
  const specs = subscriptions.flatMap((subscription) =>
    subscription.channel === "indicators" ? [subscription.indicator] : [],
  );
  const answers =
    first.channel === "candles"
      ? [await room.replayCandles(symbol, first.interval, time)]
      : await room.replayIndicators(symbol, first.interval, specs, time);
  const refused = answers.find((answer) => answer.refused)?.refused;
  return refused ?? resumeBars(answers, budget);
}
