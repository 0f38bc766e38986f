import { pause } from "./pause.ts";
import type { AttackContext } from "./socket-attack.ts";

/** A client that was refused asks again after this time. */
const REFUSED_MS = 2_000;
const TOO_LARGE = 422;
const TOO_LARGE_MS = 100;
/** What is too large is halved until it is not; after that many answers the whole is tried again. */
const MIN_SHARE = 1 / 64;
const REQUESTS_UNTIL_WHOLE = 10;

/** A request that an attacker makes. */
export interface HostileRequest {
  method: "GET" | "POST";
  path: string;
  body?: string;
}

/** One hostile client of HTTP. */
export interface HttpAttack {
  name: string;
  /** Its next request; `share`, above 0 and at most 1, is how much of the most that could be asked for it asks for. */
  request(share: number): HostileRequest;
}

/** Reads an answer to its end; returns its text where it failed. */
async function read(response: Response): Promise<string> {
  if (!response.ok) return response.text();
  for await (const _ of response.body ?? []);
  return "";
}

/** Asks again and again until the signal ends it, for as much at once as is granted. */
export async function attackByHttp(
  attack: HttpAttack,
  { url, ledger }: AttackContext,
  signal: AbortSignal,
): Promise<void> {
  let share = 1;
  for (let asked = 1; !signal.aborted; asked++) {
    if (asked % REQUESTS_UNTIL_WHOLE === 0) share = 1;
    const { method, path, body } = attack.request(share);
    // Past the cache, where the same was answered a moment ago.
    const headers = { "Content-Type": "application/json", "Cache-Control": "no-cache" };
    try {
      const response = await fetch(`${url}${path}`, { method, headers, body, signal });
      const text = await read(response);
      if (response.ok) {
        ledger.recordAnswer(attack.name, String(response.status));
        continue;
      }
      ledger.recordFailedAnswer(attack.name, { status: response.status, body: text });
      if (response.status === TOO_LARGE) share = Math.max(MIN_SHARE, share / 2);
      await pause(response.status === TOO_LARGE ? TOO_LARGE_MS : REFUSED_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TypeError)) throw error;
      ledger.recordViolation(`${attack.name} got no answer: ${error.message}`);
      await pause(REFUSED_MS, signal);
    }
  }
}
