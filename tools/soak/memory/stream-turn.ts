import { once } from "node:events";
import WebSocket from "ws";
import { z } from "zod";
import type { SeededRandom } from "../../seeded-random.ts";

const SYMBOLS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "DOGE/USDT", "ADA/USDT"];
const SYMBOLS_PER_SOCKET = 3;
/** A client that is not confirmed in this time (milliseconds) leaves, too. */
const MAX_WAIT_MS = 20_000;

/** Where streams are opened, and as whom. */
export interface StreamTurnContext {
  url: string;
  headers: Record<string, string>;
  random: SeededRandom;
  answered(name: string, answer: string): void;
}

/** The streams that are opened and closed; what is drawn from the document never becomes a stream of any length. */
export const STREAM_TURNS = ["sockets of /ws", "sockets of /ws/{symbol}", "event streams"] as const;

export type StreamTurn = (typeof STREAM_TURNS)[number];

const CONFIRMED = '"type":"subscription_confirmed"';

/** Opens a socket, waits until it is subscribed, and closes it: by a handshake, or without a word. */
async function openAndClose(
  { url, headers, random }: StreamTurnContext,
  path: string,
  message: string | null,
): Promise<string> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, { headers, perMessageDeflate: false });
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("late"), MAX_WAIT_MS);
  socket.on("open", () => {
    if (message !== null) socket.send(message);
  });
  socket.on("message", (data: Buffer) => {
    if (data.toString().includes(CONFIRMED)) resolve("subscribed");
  });
  socket.on("error", () => resolve("failed"));
  socket.on("close", () => resolve("closed"));
  const ending = await promise;
  clearTimeout(timer);
  if (socket.readyState === WebSocket.OPEN && random.next() < 0.5) {
    socket.close(1000);
    await once(socket, "close");
  } else socket.terminate();
  return ending;
}

/** Reads a stream of events until it is subscribed, and leaves. */
async function read({ url, headers }: StreamTurnContext, symbol: string): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/stream/${symbol}`, { headers, signal: leaving.signal });
  if (!response.ok || !response.body) {
    await response.arrayBuffer();
    return String(response.status);
  }
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(CONFIRMED)) break;
  }
  leaving.abort();
  return text.includes(CONFIRMED) ? "subscribed" : "closed";
}

/** Opens and closes streams of one kind, as many as it is asked to. */
export function createStreamTurn(
  context: StreamTurnContext,
  turn: StreamTurn,
): (count: number, clients: number) => Promise<void> {
  const one = (): Promise<string> => {
    const symbols = Array.from({ length: SYMBOLS_PER_SOCKET }, () => context.random.pick(SYMBOLS));
    switch (turn) {
      case "sockets of /ws":
        return openAndClose(context, "/ws", JSON.stringify({ action: "subscribe", symbols }));
      case "sockets of /ws/{symbol}":
        return openAndClose(context, `/ws/${symbols[0]}`, null);
      case "event streams":
        return read(context, symbols[0]);
    }
  };
  return async (count, clients) => {
    let opened = 0;
    const client = async (): Promise<void> => {
      while (opened++ < count) context.answered(turn, await one());
    };
    await Promise.all(Array.from({ length: Math.min(clients, count) }, client));
  };
}

const Status = z.object({ connections: z.number(), active_subscriptions: z.number() });

/** What the platform's objects still hold of streams. */
export async function countOpenStreams(url: string, headers: Record<string, string>): Promise<z.infer<typeof Status>> {
  const response = await fetch(`${url}/status`, { headers });
  return Status.parse(await response.json());
}
