import { z } from "zod";
import { QuoteSchema } from "../../contracts/quote.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";
import { TRADED } from "./oracle.ts";
import { type Reader, requestAndCheck } from "./traffic.ts";

/** Prices that a symbol must have sent before one that is 100 times off can be known for wrong. */
const WARM_UP_PRINTS = 6;
/** A gate returns the same answer for a second, and a room asks no more often. */
const PRINT_INTERVAL_MS = 1_300;
/** The longest that anything may take to be well again. */
const MAX_RECOVERY_SECONDS = 60;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for everything while all is well, so that what is right is known before anything fails. */
export async function warmUp(reader: Reader): Promise<void> {
  for (const { symbol, intervals } of TRADED) {
    for (const interval of intervals)
      await requestAndCheck(reader, "candles", `/ohlcv/${symbol}?interval=${interval}&limit=300`, true);
  }
  for (let print = 0; print < WARM_UP_PRINTS; print++) {
    await Promise.all(
      TRADED.map(({ symbol }) => requestAndCheck(reader, "quote", `/quotes/${symbol}?max_age=0`, true)),
    );
    await pause(PRINT_INTERVAL_MS);
  }
}

const AnswerSchema = z.object({ data: QuoteSchema });

/** Seconds that an answer may take to arrive. */
const MAX_LATENCY_SECONDS = 5;

/** Whether a symbol has a quote that is not stale and came as recently as its source is asked, and candles. */
async function isHealthy(reader: Reader, symbol: string): Promise<boolean> {
  const [quote, candles] = await Promise.all([
    requestAndCheck(reader, "quote", `/quotes/${symbol}`, true),
    requestAndCheck(reader, "candles", `/ohlcv/${symbol}?interval=1d&limit=10`, true),
  ]);
  if (quote.status !== 200 || candles.status !== 200) return false;
  const { freshness, received_at, provider } = AnswerSchema.parse(quote.body).data;
  const age = (Date.now() - Date.parse(received_at)) / 1000;
  return freshness !== "stale" && age <= freshnessPolicyOf(provider).refreshAfter + MAX_LATENCY_SECONDS;
}

/**
 * Waits until every symbol is fresh and its candles come; more than a minute is a violation.
 * @returns the seconds that it took
 */
export async function waitForRecovery(reader: Reader): Promise<number> {
  const begun = Date.now();
  let unhealthy = TRADED.map(({ symbol }) => symbol);
  for (;;) {
    const healthy = await Promise.all(unhealthy.map((symbol) => isHealthy(reader, symbol)));
    unhealthy = unhealthy.filter((_, i) => !healthy[i]);
    const taken = (Date.now() - begun) / 1000;
    if (unhealthy.length === 0) return taken;
    if (taken > MAX_RECOVERY_SECONDS) {
      reader.report.recordViolation(
        `${unhealthy.join(", ")} were not fresh ${MAX_RECOVERY_SECONDS} s after the faults stopped`,
      );
      return taken;
    }
    await pause(500);
  }
}
