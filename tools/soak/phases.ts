import { z } from "zod";
import { QuoteSchema } from "../../contracts/quote.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { TRADED } from "./oracle.ts";
import { ask, type Reader } from "./traffic.ts";

/** Prices that a symbol must have sent before one that is 100 times off can be known for wrong. */
const PRINTS = 6;
/** A gate returns the same answer for a second, and a room asks no more often. */
const APART_MS = 1_300;
/** The longest that anything may take to be well again. */
const RECOVERY_S = 60;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for everything while all is well, so that what is right is known before anything fails. */
export async function warmUp(reader: Reader): Promise<void> {
  for (const { symbol, intervals } of TRADED) {
    for (const interval of intervals)
      await ask(reader, "candles", `/ohlcv/${symbol}?interval=${interval}&limit=300`, true);
  }
  for (let print = 0; print < PRINTS; print++) {
    await Promise.all(TRADED.map(({ symbol }) => ask(reader, "quote", `/quotes/${symbol}?max_age=0`, true)));
    await pause(APART_MS);
  }
}

const AnswerSchema = z.object({ data: QuoteSchema });

/** Seconds that an answer may take to arrive. */
const ON_THE_WAY = 5;

/** Whether a symbol has a quote that is not stale and came as recently as its source is asked, and candles. */
async function isWell(reader: Reader, symbol: string): Promise<boolean> {
  const [quote, candles] = await Promise.all([
    ask(reader, "quote", `/quotes/${symbol}`, true),
    ask(reader, "candles", `/ohlcv/${symbol}?interval=1d&limit=10`, true),
  ]);
  if (quote.status !== 200 || candles.status !== 200) return false;
  const { freshness, received_at, provider } = AnswerSchema.parse(quote.body).data;
  const age = (Date.now() - Date.parse(received_at)) / 1000;
  return freshness !== "stale" && age <= freshnessPolicyOf(provider).refreshAfter + ON_THE_WAY;
}

/**
 * Waits until every symbol is fresh and its candles come; more than a minute is a violation.
 * @returns the seconds that it took
 */
export async function recover(reader: Reader): Promise<number> {
  const begun = Date.now();
  let ill = TRADED.map(({ symbol }) => symbol);
  for (;;) {
    const well = await Promise.all(ill.map((symbol) => isWell(reader, symbol)));
    ill = ill.filter((_, i) => !well[i]);
    const taken = (Date.now() - begun) / 1000;
    if (ill.length === 0) return taken;
    if (taken > RECOVERY_S) {
      reader.findings.violation(`${ill.join(", ")} were not fresh ${RECOVERY_S} s after the faults stopped`);
      return taken;
    }
    await pause(500);
  }
}
