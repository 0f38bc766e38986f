import { measureUsage } from "../../tools/runtime-usage.ts";
import { type Contender, PLATFORM } from "./contenders.ts";
import type { LoadGenerator } from "./generator.ts";
import type { Measured } from "./orders.ts";

/** A quote's frame is about so long. */
export const FRAME_BYTES = 665;

/** This many sockets, each of which gets that many events a second. */
export interface Stage {
  sockets: number;
  events: number;
}

/** One turn of one server. */
export interface Row {
  server: string;
  round: number;
  sockets: number;
  events: number;
  measured: Measured;
  /** What the server used of a processor for each frame; null where that is not known. */
  cpu_us_per_frame: number | null;
  rss_mb: number | null;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

async function runTurn(
  generator: LoadGenerator,
  contender: Contender,
  { sockets, events }: Stage,
  round: number,
  seconds: number,
): Promise<Row> {
  const { name, url, headers } = contender;
  await generator.send({ order: "open", crowd: name, url, headers, sockets });
  await contender.start(events, FRAME_BYTES);
  await generator.send({ order: "await", crowd: name, events });
  const before = measureUsage(contender.pid());
  const measured = await generator.send({ order: "measure", crowd: name, seconds, events });
  const after = measureUsage(contender.pid());
  await contender.stop();
  if (measured === null || measured.frames === 0) throw new Error(`${name} sent nothing`);
  const cpu = before && after ? ((after.cpu_s - before.cpu_s) * 1e6) / measured.received : null;
  return {
    server: name,
    round,
    sockets,
    events,
    measured,
    cpu_us_per_frame: cpu === null ? null : rounded(cpu),
    rss_mb: after === null ? null : Math.round(after.rss_mb),
  };
}

/** Lets the servers take turns with the sockets of a stage. */
export async function runStage(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  stage: Stage,
  { seconds, rounds }: { seconds: number; rounds: number },
  progress: (text: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      progress(`${stage.sockets} sockets, round ${round} of ${rounds}: ${contender.name}`);
      rows.push(await runTurn(generator, contender, stage, round, seconds));
    }
  }
  return rows;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What the largest stage comes to: medians over its rounds. */
export function summaryOf(rows: readonly Row[]) {
  const sockets = Math.max(...rows.map((row) => row.sockets));
  const largest = (server: string): Row[] => rows.filter((row) => row.sockets === sockets && row.server === server);
  const of = (server: string, value: (measured: Measured) => number): number =>
    median(largest(server).map(({ measured }) => value(measured)));
  const cpu = (server: string): number => median(largest(server).map(({ cpu_us_per_frame }) => cpu_us_per_frame ?? 0));
  const frames = (server: string): number => of(server, ({ busy_frames_per_s }) => busy_frames_per_s);
  const p99 = (server: string): number => of(server, ({ p99_ms }) => p99_ms);
  const memory = rows.filter(({ server }) => server === PLATFORM).map(({ rss_mb }) => rss_mb ?? 0);
  return {
    sockets,
    frames_per_s: Math.round(frames(PLATFORM)),
    bare_frames_per_s: Math.round(frames("bare")),
    vs_bare: Math.round((frames(PLATFORM) / frames("bare")) * 100) / 100,
    p50_ms: of(PLATFORM, ({ p50_ms }) => p50_ms),
    p99_ms: p99(PLATFORM),
    lost: rows.filter(({ server }) => server === PLATFORM).reduce((sum, { measured }) => sum + measured.lost, 0),
    workerd_rss_mb: Math.max(...memory),
    p99_vs_bare: Math.round((p99(PLATFORM) / p99("bare")) * 100) / 100,
    // How many frames we send with what the bare loop uses for one.
    cpu_vs_bare: cpu(PLATFORM) > 0 ? Math.round((cpu("bare") / cpu(PLATFORM)) * 100) / 100 : null,
    ws_frames_per_s: Math.round(frames("ws")),
  };
}
