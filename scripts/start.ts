// `npm start`: sets everything up, runs the platform on this machine, and calls its crons, which `wrangler dev` does not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { Cron } from "croner";
import { parse } from "smol-toml";
import { ensureDevVars, ROOT } from "./dev-vars.ts";
import { stateOfPort } from "./ports.ts";
import { waitUntilReady } from "./readiness.ts";
import { createNoiseFilter } from "./start/noise.ts";
import { whenNpmIsGone } from "./start/npm-watch.ts";
import { checkState, lockState, StateInUse } from "./start/state-lock.ts";
import { applyMigrations, newCronToken, STATE, startWrangler, stopProcess } from "./wrangler.ts";

const DEFAULT_PORT = 8787;

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function portFromEnvironment(): number {
  const text = process.env.PORT;
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    fail(`PORT is "${text}"; it must be a number from 1 to 65535.`);
  return port;
}

/** The crons of wrangler.toml. */
function cronsOf(): string[] {
  const { triggers } = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8"));
  const crons = typeof triggers === "object" && "crons" in triggers ? triggers.crons : [];
  return Array.isArray(crons) ? crons.filter((cron) => typeof cron === "string") : [];
}

/** Calls the scheduled handler whenever a cron is due. */
function runCrons(url: string, token: string): Cron[] {
  return cronsOf().map(
    (cron) =>
      new Cron(
        cron,
        { timezone: "UTC", protect: true, catch: (error) => console.error(`The cron ${cron} failed: ${error}`) },
        async () => {
          const response = await fetch(
            `${url}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(`${token} ${cron}`)}`,
          );
          await response.arrayBuffer();
          if (!response.ok) console.error(`The cron ${cron} failed with status ${response.status}.`);
        },
      ),
  );
}

const bold = (text: string): string => styleText("bold", text, { stream: process.stdout });

function printWelcome(url: string): void {
  console.log(`
${bold("WizData Edge")} runs at ${url}   (Ctrl-C stops it)

Three things to try:
  curl ${url}/quotes/BTC/USDT
  curl "${url}/ohlcv/AAPL?interval=1d&limit=3"
  curl "${url}/symbols?search=naspers"

The API's documentation is at ${url}/docs/
The admin token, for npm run keys and npm run import, is ADMIN_TOKEN in ${join(ROOT, ".dev.vars")}
`);
}

/** Shows what a server prints, but for what means nothing. */
function pipeOutput(from: NodeJS.ReadableStream | null, to: NodeJS.WritableStream): void {
  const filter = createNoiseFilter();
  from?.setEncoding("utf8");
  from?.on("data", (part: string) => void to.write(filter(part)));
  from?.once("end", () => void to.write(filter(null)));
}

/** A server that answers says so within this. */
const READY_MESSAGE_TIMEOUT_MS = 5_000;

/** Resolves once a server has said that it is ready. */
function waitForReadyMessage(from: NodeJS.ReadableStream | null): Promise<void> {
  return new Promise((resolve) => {
    from?.on("data", (part: string) => {
      if (part.includes("Ready on")) resolve();
    });
  });
}

const timeout = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/** Ends this start where another platform works on the state folder. */
function failInUse(error: unknown): never {
  if (error instanceof StateInUse) fail(error.message);
  throw error;
}

const port = portFromEnvironment();
const url = `http://127.0.0.1:${port}`;
await checkState(STATE).catch(failInUse);
const portState = await stateOfPort(port);
if (portState === "denied")
  fail(`This system does not let you listen on port ${port}. Choose one above 1023: PORT=8790 npm start`);
if (portState === "taken") {
  fail(`Port ${port} is in use. Stop what listens there, or choose another port: PORT=8790 npm start`);
}
const lock = await lockState(STATE, url).catch(failInUse);
process.once("exit", lock.release);
ensureDevVars();
applyMigrations(null, console.log);

const cronToken = newCronToken();
const server = startWrangler({ port, persistTo: null, vars: {}, output: "pipe", cronToken });
if (server.pid !== undefined) lock.setGroup(server.pid);
pipeOutput(server.stdout, process.stdout);
pipeOutput(server.stderr, process.stderr);
const readyMessage = waitForReadyMessage(server.stdout);
let crons: Cron[] = [];
let stopping = false;

async function stop(code: number): Promise<never> {
  stopping = true;
  for (const cron of crons) cron.stop();
  await stopProcess(server);
  process.exit(code);
}

whenNpmIsGone(() => {
  if (!stopping) void stop(0);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!stopping) void stop(0);
  });
}
server.once("exit", (code) => {
  if (!stopping) void stop(code === 0 ? 1 : (code ?? 1));
});

try {
  await waitUntilReady(url, server);
} catch (error) {
  if (stopping) await new Promise(() => {});
  console.error(error instanceof Error ? error.message : error);
  await stop(1);
}
// What is to be tried stands last: the server says that it is ready a moment after it is.
await Promise.race([readyMessage, timeout(READY_MESSAGE_TIMEOUT_MS)]);
if (!stopping) {
  crons = runCrons(url, cronToken);
  printWelcome(url);
}
