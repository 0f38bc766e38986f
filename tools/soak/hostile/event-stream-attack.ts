import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { MAX_HISTORY_BARS, minutesAgo } from "./expensive.ts";
import { pause, whenAborted } from "./pause.ts";
import { refusalOfEvents } from "./refusals.ts";
import type { AttackContext } from "./socket-attack.ts";

const NAME = "silent event streams";
const RETURN_MS = 2_000;
/** A silent client that leaves reads for this time what is there, to count it. */
const READING_MS = 2_000;

/** Reads an answer, for that long at most. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await Promise.race([once(response, "close"), pause(READING_MS)]);
  return text;
}

async function listen(symbol: string, { url, ledger }: AttackContext, signal: AbortSignal): Promise<void> {
  const headers = { "Last-Event-ID": String(minutesAgo(MAX_HISTORY_BARS)) };
  const request = get(`${url}/stream/${symbol}?channel=candles&interval=1m`, { headers, agent: false });
  const opened = Promise.withResolvers<IncomingMessage | null>();
  request.on("response", opened.resolve);
  request.on("error", (error) => {
    if (!signal.aborted) ledger.recordViolation(`${NAME} got no answer: ${error.message}`);
    opened.resolve(null);
  });
  const response = await Promise.race([opened.promise, whenAborted(signal).then(() => null)]);
  if (response?.statusCode === 200) {
    ledger.recordAnswer(NAME, "opened");
    await Promise.race([once(response, "close"), whenAborted(signal)]);
    const refusal = refusalOfEvents(await textOf(response));
    if (refusal) ledger.recordRefusal(NAME, refusal);
  } else if (response) {
    ledger.recordFailedAnswer(NAME, { status: response.statusCode ?? 0, body: await textOf(response) });
  }
  request.destroy();
}

/** Opens streams of server-sent events with much history and reads nothing of them, until the signal ends it. */
export async function attackByEventStream(symbol: string, context: AttackContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listen(symbol, context, signal);
    await pause(RETURN_MS, signal);
  }
}
