import WebSocket from "ws";
import { historyMessage } from "./expensive.ts";
import { pause } from "./pause.ts";

const STAYS_MS = 200;
const SYMBOLS = 10;
/** Of each symbol; together nearly what one confirmation may hold. */
const BARS = 490;
const REFUSED_MS = 2_000;
/** Tries that may be refused, for each connection that is to be made. */
const MAX_TRIES = 3;

/** Connects, asks for history, reads nothing and leaves without a word; false where the socket was not opened. */
async function connect(url: string, headers: Record<string, string>, message: string): Promise<boolean> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers, perMessageDeflate: false });
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.on("open", () => {
      socket.pause();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
  if (isOpen) {
    socket.send(message);
    await pause(STAYS_MS);
  }
  socket.terminate();
  return isOpen;
}

/**
 * A silent client that comes back that many times, one time after the other.
 * @param headers those of a key: an address without one gets no more than 100 histories in ten seconds
 * @returns how often it was let in
 */
export async function reconnectSilently(
  url: string,
  headers: Record<string, string>,
  symbols: readonly string[],
  count: number,
  progress: (text: string) => void,
): Promise<number> {
  const chosen = symbols.slice(0, SYMBOLS);
  let done = 0;
  for (let tries = 0; done < count && tries < count * MAX_TRIES; tries++) {
    progress(`${done} of ${count} reconnects`);
    if (await connect(url, headers, historyMessage(chosen, BARS))) done++;
    else await pause(REFUSED_MS);
  }
  return done;
}
