import { z } from "zod";
import { WITH_TOKEN } from "../bundled-worker.ts";
import type { Position } from "./event-ledger.ts";

/** The longest that a room may take to answer. */
const MAX_UNANSWERED_MS = 60_000;

const Answer = z.object({ data: z.object({ epoch: z.string(), seq: z.number() }) });

/** Where the platform itself is in each symbol, as its rooms say and not its streams. */
export async function publishedPositions(url: string, symbols: readonly string[]): Promise<Map<string, Position>> {
  const known = new Map<string, Position>();
  for (const symbol of symbols) {
    const headers = { ...WITH_TOKEN, "Cache-Control": "no-cache" };
    const answer = await fetch(`${url}/quotes/${symbol}`, { headers, signal: AbortSignal.timeout(MAX_UNANSWERED_MS) });
    known.set(symbol, Answer.parse(await answer.json()).data);
  }
  return known;
}
