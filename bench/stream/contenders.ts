import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { startBundledWorker, WITH_TOKEN } from "../../tools/bundled-worker.ts";
import { findRuntimes } from "../../tools/runtime-usage.ts";
import type { LoadGenerator } from "./generator.ts";

/** A server that sends events to a crowd, once a second. */
export interface Contender {
  name: string;
  url: string;
  headers: Record<string, string>;
  /** The process that sends. */
  pid(): number | null;
  /** Begins to send that many events, of about that many bytes, at every whole second to all of its sockets. */
  start(events: number, bytes: number): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The platform, which can also be started again. */
export interface Platform extends Contender {
  restart(): Promise<void>;
}

export const PLATFORM = "platform";

/** The most symbols that there are to listen to: as many as a socket may carry. */
export const MAX_EVENTS = 100;

const symbolAt = (index: number): string => `LOAD${index}/USDT`;

async function addSymbols(url: string): Promise<void> {
  for (let index = 0; index < MAX_EVENTS; index++) {
    const symbol = { symbol: symbolAt(index), name: `Load ${index}`, type: "crypto", currency: "USDT" };
    const body = JSON.stringify({ ...symbol, primary_exchange: "BINANCE", price_decimals: 2 });
    const headers = { ...WITH_TOKEN, "Content-Type": "application/json" };
    const answer = await fetch(`${url}/symbols`, { method: "POST", headers, body });
    if (answer.status !== 201) throw new Error(`a symbol was not added: ${await answer.text()}`);
  }
}

const socketAddress = (url: string): string => `${url.replace("http", "ws")}/ws`;

/** A process of the runtime that is not one of those before it. */
const newRuntime = (before: readonly number[]): number | null =>
  findRuntimes().find((pid) => !before.includes(pid)) ?? null;

/** Starts the platform: the built bundle on the runtime's own port. Its events are the ticks of simulated symbols. */
export async function startPlatform(generator: LoadGenerator, vars: Record<string, string>): Promise<Platform> {
  const others = findRuntimes();
  const worker = await startBundledWorker({ MARKET_MODE: "demo", ...vars }, { storage: "memory" });
  let pid = newRuntime(others);
  await addSymbols(worker.url);
  const say = async (action: string, symbols: string[], answer: string): Promise<void> => {
    await generator.send({ order: "say", crowd: PLATFORM, text: JSON.stringify({ action, symbols }), answer });
  };
  let subscribed: string[] = [];
  return {
    name: PLATFORM,
    url: socketAddress(worker.url),
    headers: WITH_TOKEN,
    pid: () => pid,
    async start(events) {
      subscribed = Array.from({ length: events }, (_, index) => symbolAt(index));
      await say("subscribe", subscribed, "subscription_confirmed");
    },
    stop: () => say("unsubscribe", subscribed, "unsubscription_confirmed"),
    async restart() {
      const before = findRuntimes().filter((one) => one !== pid);
      await worker.restart();
      pid = newRuntime(before);
    },
    close: () => worker.stop(),
  };
}

async function sendCommand(url: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

/** A server that is controlled by HTTP. */
const drivenByHttp = (url: string) => ({
  url: socketAddress(url),
  headers: {},
  start: (events: number, bytes: number): Promise<void> => sendCommand(`${url}/start?events=${events}&bytes=${bytes}`),
  stop: (): Promise<void> => sendCommand(`${url}/stop`),
});

/** A file of TypeScript as a module of the runtime. */
const moduleOf = (name: string) => {
  const contents = stripTypeScriptTypes(readFileSync(join(import.meta.dirname, name), "utf8"));
  return { type: "ESModule" as const, path: name, contents };
};

/** Starts a Durable Object that does nothing but send to its sockets in a loop. */
export async function startBare(): Promise<Contender> {
  const others = findRuntimes();
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: [moduleOf("bare.ts"), moduleOf("event-text.ts")],
      compatibilityDate: "2026-10-20",
      cf: false,
      durableObjects: { BARE: { className: "Bare", useSQLite: true } },
    }),
  );
  const { origin } = await worker.ready;
  const pid = newRuntime(others);
  return { name: "bare", ...drivenByHttp(origin), pid: () => pid, close: () => worker.dispose() };
}

/** Starts a broadcast server on Node, with `ws`. */
export async function startPlain(): Promise<Contender> {
  const child = fork(join(import.meta.dirname, "plain-server.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [port]: number[] = await Promise.race([once(child, "message"), failOf(once(child, "exit"))]);
  const close = async (): Promise<void> => child.disconnect();
  return { name: "ws", ...drivenByHttp(`http://127.0.0.1:${port}`), pid: () => child.pid ?? null, close };
}

async function failOf(ended: Promise<unknown>): Promise<never> {
  await ended;
  throw new Error("the server on Node has ended");
}
