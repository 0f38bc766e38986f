// `npm run fuzz`: requests drawn from the OpenAPI document, against the bundle as it is deployed. Nothing may answer with an
// error that is not documented, with anything that breaks the document, or with the inside of the platform.

import cliProgress from "cli-progress";
import { parseArgs } from "../scripts/arguments.ts";
import { startBundledWorker, WITH_TOKEN } from "./bundled-worker.ts";
import { readDocument } from "./fuzz/document.ts";
import { createRequestGenerator, type FuzzRequest } from "./fuzz/requests.ts";
import { createResponseCheck, type FuzzResponse } from "./fuzz/response-check.ts";
import { seededRandom } from "./seeded-random.ts";

const CLIENTS = 16;
/** Every that many requests an empty route is asked, to compare with. */
const COMPARISON_INTERVAL = 20;
const FAULTS_SHOWN = 20;

const { values } = parseArgs({
  options: {
    requests: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
    help: { type: "boolean" },
  },
});

if (values.help) {
  console.log(`npm run fuzz [-- --requests 100000] [--seconds 1800] [--seed 1]

Asks the platform that many things, valid, at the bounds, and broken, as its OpenAPI document returns them, for at most that many
seconds. Exit code 1 where an answer is a 5xx other than a 503 that says that there is no such data now, breaks the document, or shows a
stack trace. The slowest answers are compared with those of an empty route.`);
  process.exit(0);
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0.`);
  process.exit(1);
}

const total = wholeNumber("requests", values.requests, 100_000);
const seconds = wholeNumber("seconds", values.seconds, 1_800);
const seed = wholeNumber("seed", values.seed, 1 + Math.floor(Math.random() * 1e6));

async function ask(url: string, { method, path, headers, body }: FuzzRequest): Promise<FuzzResponse> {
  const response = await fetch(`${url}${path}`, { method, headers, body, redirect: "manual" });
  const type = (response.headers.get("Content-Type") ?? "").split(";")[0];
  // Events go on for as long as a client reads them.
  const isEndless = type === "text/event-stream";
  if (isEndless) await response.body?.cancel();
  return {
    status: response.status,
    type,
    correlationId: response.headers.get("X-Correlation-ID"),
    text: isEndless ? "" : await response.text(),
  };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

const slowest = (times: readonly number[]): string =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms, p99.9 ${quantile(times, 0.999).toFixed(1)} ms`;

console.log(`Fuzzing with ${total} requests and seed ${seed}.`);
const worker = await startBundledWorker(
  { MARKET_MODE: "demo", LOG_LEVEL: "error", GUARDS: "open" },
  { entry: "bench/http/entry.ts" },
);
const bar = new cliProgress.SingleBar({ format: "{bar} {value} of {total}, {faults} faults, {eta_formatted} left" });
try {
  const document = await readDocument(worker.url);
  const requests = createRequestGenerator(document, seededRandom(seed), WITH_TOKEN);
  const judge = createResponseCheck(document);
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  const times: number[] = [];
  const empty: number[] = [];
  const until = performance.now() + seconds * 1000;
  let asked = 0;
  if (process.stdout.isTTY) bar.start(total, 0, { faults: 0 });

  const one = async (request: FuzzRequest): Promise<void> => {
    const begun = performance.now();
    const answer = await ask(worker.url, request);
    times.push(performance.now() - begun);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    const fault = judge.faultOf(request, answer);
    if (fault === null) return;
    const what = `${request.method} ${request.path.slice(0, 300)} ${fault}`;
    faults.push(`${what}\n  sent: ${(request.body ?? "").slice(0, 400)}\n  got: ${answer.text.slice(0, 400)}`);
  };

  const client = async (): Promise<void> => {
    while (asked < total && performance.now() < until) {
      asked++;
      if (asked % COMPARISON_INTERVAL === 0) {
        const begun = performance.now();
        await (await fetch(`${worker.url}/empty`)).text();
        empty.push(performance.now() - begun);
      }
      await one(requests.next());
      if (process.stdout.isTTY) bar.update(times.length, { faults: faults.length });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  bar.stop();

  console.table(
    Object.fromEntries([...statuses].sort(([a], [b]) => a - b).map(([status, n]) => [status, { answers: n }])),
  );
  console.log(`Answers: ${slowest(times)}. An empty route meanwhile: ${slowest(empty)}.`);
  if (times.length < total) console.log(`Stopped after ${seconds} s with ${times.length} of ${total} requests made.`);
  for (const fault of faults.slice(0, FAULTS_SHOWN)) console.error(fault);
  if (faults.length > 0) console.error(`${faults.length} faults; --seed ${seed} draws the same requests.`);
  else console.log(`No fault in ${times.length} requests.`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await worker.stop();
}
