// A process of its own, so that the load that it makes is not the load that is measured: `node bench/http/load.ts`. It takes one
// job as JSON in its first argument and writes one result as JSON.
import { connect, type Socket } from "node:net";
import { z } from "zod";

const Job = z.object({
  url: z.string(),
  /** What is asked, in turn. */
  paths: z.array(z.string()).min(1),
  connections: z.number().int().positive(),
  seconds: z.number().positive(),
});

/** What one run of load is to be. */
export type Job = z.infer<typeof Job>;

export const LoadResult = z.object({
  requests: z.number(),
  seconds: z.number(),
  p50_ms: z.number(),
  p99_ms: z.number(),
  /** Share of the processor's time that this process took: near 1 it would be what is measured. */
  busy: z.number(),
});

/** What came of it. */
export type LoadResult = z.infer<typeof LoadResult>;

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

/** Asks one thing after another on one connection, and notes how long each answer took. */
function converse(socket: Socket, host: string, nextPath: () => string | null, took: (ms: number) => void) {
  return new Promise<void>((resolve, reject) => {
    let received = "";
    let asked = 0;
    const ask = (): void => {
      const path = nextPath();
      if (path === null) {
        socket.destroy();
        resolve();
        return;
      }
      asked = performance.now();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    };
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received = received === "" ? chunk : received + chunk;
      const length = answerLength(received);
      if (length === null) return;
      if (!received.startsWith("HTTP/1.1 200")) return reject(new Error(received.slice(0, 600)));
      received = received.slice(length);
      took(performance.now() - asked);
      ask();
    });
    socket.on("error", reject);
    socket.on("connect", ask);
  });
}

async function run(job: Job): Promise<LoadResult> {
  const { hostname, port, host } = new URL(job.url);
  const times: number[] = [];
  let turn = 0;
  const begun = performance.now();
  const until = begun + job.seconds * 1000;
  const nextPath = (): string | null => (performance.now() < until ? job.paths[turn++ % job.paths.length] : null);
  const used = process.cpuUsage();
  await Promise.all(
    Array.from({ length: job.connections }, () =>
      converse(connect(Number(port), hostname), host, nextPath, (ms) => void times.push(ms)),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(used);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { requests: times.length, seconds, p50_ms: at(0.5), p99_ms: at(0.99), busy: (user + system) / 1e6 / seconds };
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await run(Job.parse(JSON.parse(process.argv[2])))));
}
