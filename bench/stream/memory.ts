import { measureUsage } from "../../tools/runtime-usage.ts";
import { type Contender, PLATFORM, type Platform } from "./contenders.ts";
import type { LoadGenerator } from "./generator.ts";
import { FRAME_BYTES } from "./stages.ts";

const SOCKETS = 200;
const EVENTS = 100;
/** Memory is checked over the last part of the time: clients that never read have been abandoned by then. */
const CHECKED = 3 / 5;
const SHARE_SILENT = 0.1;
/** Seconds between two signs of life of a client that reads. */
const PING_SECONDS = 1;

/** Bytes that a silent client is sent in one fifth of the time, before the platform abandons it. */
export function unacknowledgedBytes(minutes: number): number {
  return Math.round((EVENTS * FRAME_BYTES * minutes * 60) / 5);
}

/** How the runtime's memory grew. */
export interface Growth {
  sockets: number;
  silent: number;
  minutes: number;
  unacknowledged_bytes: number;
  frames_per_s: number;
  rss_mb: number | null;
  growth_mb_per_minute: number | null;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The slope of the line that fits points best (least squares). */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  let over = 0;
  let under = 0;
  for (const [at, value] of points) {
    over += (at - x) * (value - y);
    under += (at - x) ** 2;
  }
  return under === 0 ? 0 : over / under;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** Sends events to sockets of which a share never reads, and watches the runtime's memory. */
async function measureGrowth(
  generator: LoadGenerator,
  platform: Contender,
  share: number,
  minutes: number,
): Promise<Growth> {
  const { url, headers } = platform;
  await generator.send({ order: "open", crowd: PLATFORM, url, headers, sockets: SOCKETS });
  const text = '{"action":"ping","proves":"that this client reads"}';
  await generator.send({ order: "repeat", crowd: PLATFORM, text, seconds: PING_SECONDS });
  await platform.start(EVENTS, FRAME_BYTES);
  await generator.send({ order: "await", crowd: PLATFORM, events: EVENTS });
  await generator.send({ order: "silence", crowd: PLATFORM, share });
  const seconds = Math.round(minutes * 60);
  const samples: [minute: number, megabytes: number][] = [];
  const sampling = setInterval(() => {
    const usage = measureUsage(platform.pid());
    if (usage) samples.push([performance.now() / 60_000, usage.rss_mb]);
  }, 1000);
  const measured = await generator.send({ order: "measure", crowd: PLATFORM, seconds, events: EVENTS });
  clearInterval(sampling);
  await generator.send({ order: "close", crowd: PLATFORM });
  const checked = samples.slice(Math.floor(samples.length * (1 - CHECKED)));
  return {
    sockets: SOCKETS,
    silent: Math.round(SOCKETS * share),
    minutes,
    unacknowledged_bytes: unacknowledgedBytes(minutes),
    frames_per_s: measured?.frames_per_s ?? 0,
    rss_mb: checked.length > 0 ? Math.round(checked[checked.length - 1][1]) : null,
    growth_mb_per_minute: checked.length > 0 ? rounded(slope(checked)) : null,
  };
}

/** How memory grows while all clients read, and while a tenth of them never does; the runtime is started again before each. */
export async function memoryGrowth(generator: LoadGenerator, platform: Platform, minutes: number): Promise<Growth[]> {
  const growths: Growth[] = [];
  for (const share of [0, SHARE_SILENT]) {
    await platform.restart();
    await pause(1000);
    growths.push(await measureGrowth(generator, platform, share, minutes));
  }
  return growths;
}
