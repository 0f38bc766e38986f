// A process of its own, so that the load that it makes is not the load that is measured: `node bench/http/load.ts`. It takes one
// job as JSON in its first argument and writes one result as JSON.
import { once } from "node:events";
import { connect } from "node:net";
import { z } from "zod";

const Turn = z.object({
  /** What is asked, one after the other, again and again. */
  paths: z.array(z.string()).min(1),
  seconds: z.number().positive(),
});

const Job = z.object({
  url: z.string(),
  connections: z.number().int().positive(),
  turns: z.array(Turn).min(1),
});

/** A stretch of load of one kind. */
export type Turn = z.infer<typeof Turn>;

/** What load there is to be, a turn after the other on the same connections. */
export type Job = z.infer<typeof Job>;

const LoadResult = z.object({
  requests: z.number(),
  seconds: z.number(),
  p50_ms: z.number(),
  p99_ms: z.number(),
  /** Share of the processor's time that this process took: near 1 it would be what is measured. */
  busy: z.number(),
});

/** What came of a turn. */
export type LoadResult = z.infer<typeof LoadResult>;

/** What came of all turns, in their order. */
export const LoadResults = z.array(LoadResult);

const HEADER_END = "\r\n\r\n";

/** The length of the answer at the beginning of a text of bytes; null while it is not all there. */
function answerLength(received: string): number | null {
  const end = received.indexOf(HEADER_END);
  if (end === -1) return null;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end + 2));
  if (length) {
    const total = end + HEADER_END.length + Number(length[1]);
    return received.length >= total ? total : null;
  }
  const last = received.indexOf("0\r\n\r\n", end);
  return last === -1 ? null : last + 5;
}

/** A connection that is kept for all turns. */
interface Connection {
  /** Asks one thing after another until `nextPath` names none, and notes how long each answer took. */
  exchange(nextPath: () => string | null, took: (ms: number) => void): Promise<void>;
  close(): void;
}

async function openConnection({ hostname, port, host }: URL): Promise<Connection> {
  const socket = connect(Number(port), hostname).setNoDelay(true).setEncoding("latin1");
  await once(socket, "connect");
  return {
    exchange: (nextPath, took) =>
      new Promise((resolve, reject) => {
        let received = "";
        let asked = 0;
        const ask = (): void => {
          const path = nextPath();
          if (path === null) {
            socket.removeAllListeners("data").removeListener("error", reject);
            resolve();
            return;
          }
          asked = performance.now();
          socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        };
        socket.on("error", reject).on("data", (chunk: string) => {
          received = received === "" ? chunk : received + chunk;
          const length = answerLength(received);
          if (length === null) return;
          if (!received.startsWith("HTTP/1.1 200")) return reject(new Error(received.slice(0, 600)));
          received = received.slice(length);
          took(performance.now() - asked);
          ask();
        });
        ask();
      }),
    close: () => void socket.destroy(),
  };
}

async function runTurn(connections: readonly Connection[], turn: Turn): Promise<LoadResult> {
  const times: number[] = [];
  let asked = 0;
  const begun = performance.now();
  const until = begun + turn.seconds * 1000;
  const nextPath = (): string | null => (performance.now() < until ? turn.paths[asked++ % turn.paths.length] : null);
  const used = process.cpuUsage();
  await Promise.all(connections.map((connection) => connection.exchange(nextPath, (ms) => void times.push(ms))));
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(used);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { requests: times.length, seconds, p50_ms: at(0.5), p99_ms: at(0.99), busy: (user + system) / 1e6 / seconds };
}

async function run(job: Job): Promise<LoadResult[]> {
  const url = new URL(job.url);
  const connections = await Promise.all(Array.from({ length: job.connections }, () => openConnection(url)));
  const results: LoadResult[] = [];
  for (const turn of job.turns) results.push(await runTurn(connections, turn));
  for (const connection of connections) connection.close();
  return results;
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await run(Job.parse(JSON.parse(process.argv[2])))));
}
