// `npm start`: sets everything up, runs the platform on this machine, and calls its crons, which `wrangler dev` does not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { Cron } from "croner";
import { parse } from "smol-toml";
import { ensureDevVars, ROOT } from "./dev-vars.ts";
import { stateOfPort } from "./ports.ts";
import { waitUntilReady } from "./readiness.ts";
import { applyMigrations, startWrangler, stopProcess } from "./wrangler.ts";

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
function runCrons(url: string): Cron[] {
  return cronsOf().map(
    (cron) =>
      new Cron(
        cron,
        { timezone: "UTC", protect: true, catch: (error) => console.error(`The cron ${cron} failed: ${error}`) },
        async () => {
          const response = await fetch(`${url}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent(cron)}`);
          await response.arrayBuffer();
          if (!response.ok) console.error(`The cron ${cron} failed with status ${response.status}.`);
        },
      ),
  );
}

const bold = (text: string): string => styleText("bold", text, { stream: process.stdout });

function greet(url: string): void {
  console.log(`
${bold("WizData Edge")} runs at ${url}   (Ctrl-C stops it)

Three things to try:
  curl ${url}/quotes/BTC/USDT
  curl "${url}/ohlcv/AAPL?interval=1d&limit=3"
  curl "${url}/symbols?search=naspers"

The API's documentation is at ${url}/docs/
`);
}

const port = portFromEnvironment();
const portState = await stateOfPort(port);
if (portState === "denied")
  fail(`This system does not let you listen on port ${port}. Choose one above 1023: PORT=8790 npm start`);
if (portState === "taken") {
  fail(`Port ${port} is in use. Stop what listens there, or choose another port: PORT=8790 npm start`);
}
ensureDevVars();
applyMigrations(null);

const url = `http://127.0.0.1:${port}`;
const server = startWrangler({ port, persistTo: null, vars: {}, output: "inherit" });
let crons: Cron[] = [];
let stopping = false;

async function stop(code: number): Promise<never> {
  stopping = true;
  for (const cron of crons) cron.stop();
  await stopProcess(server);
  process.exit(code);
}

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
crons = runCrons(url);
greet(url);
