// The attackers: a process that attacks as the one that started it orders.
import { setMaxListeners } from "node:events";
import { seededRandom } from "../../seeded-random.ts";
import { AttackLedger, type AttackReport } from "./attack-ledger.ts";
import {
  calculationAttack,
  flappingAttack,
  historyAttack,
  indicatorAttack,
  indicatorsAttack,
  ownCandlesAttack,
  pingAttack,
  roomAttack,
} from "./attackers.ts";
import { attackByEventStream } from "./event-stream-attack.ts";
import { attackByHttp, type HttpAttack } from "./http-attack.ts";
import type { AttackPlan, Order, Report } from "./orders.ts";
import { pause } from "./pause.ts";
import { attackBySocket } from "./socket-attack.ts";

/** As many as an address may have. */
const HISTORY_SOCKETS = 20;
/** Clients of HTTP come after the first sockets, which could not be opened otherwise while all is busy with calculations. */
const HTTP_AFTER_MS = 2_000;
const CALCULATING_CLIENTS = 8;
const OTHER_CLIENTS = 2;
/** One after the other: an address has no more sockets than these. */
const PARTS = 3;
/** In the second part most of the sockets do something else. */
const MIXED = { history: 8, indicators: 4, flapping: 3, pings: 2, eventStreams: 3 };
/** In the third part: rooms with sockets of their own, and how many at each. They come one after the other, within the burst that an address has. */
const ROOMS = 20;
const SOCKETS_PER_ROOM = 20;
const ROOM_SOCKET_MS = 300;

type Attacker = (signal: AbortSignal) => Promise<void>;

const times = (count: number, create: (index: number) => Attacker): Attacker[] =>
  Array.from({ length: count }, (_, i) => create(i));

/** Attacks until the signal ends it, in three parts; returns what the attackers got. */
async function attack({ url, targets, seconds, seed }: AttackPlan, stopped: AbortSignal): Promise<AttackReport> {
  const ledger = new AttackLedger();
  const context = { url, ledger };
  const random = seededRandom(seed);
  const history =
    (i: number): Attacker =>
    (signal) =>
      attackBySocket(historyAttack(random, targets, i % 2 === 1), context, signal);
  const indicators: Attacker = (signal) => attackBySocket(indicatorAttack(random, targets), context, signal);
  const flapping: Attacker = (signal) => attackBySocket(flappingAttack(random, targets), context, signal);
  const pings: Attacker = (signal) => attackBySocket(pingAttack(), context, signal);
  const eventStream: Attacker = (signal) => attackByEventStream(random.pick(targets.alwaysTraded), context, signal);
  const room =
    (i: number): Attacker =>
    async (signal) => {
      await pause(i * ROOM_SOCKET_MS, signal);
      await attackBySocket(roomAttack(targets.alwaysTraded[i % ROOMS]), context, signal);
    };
  const request =
    (chosen: HttpAttack): Attacker =>
    async (signal) => {
      await pause(HTTP_AFTER_MS, signal);
      await attackByHttp(chosen, context, signal);
    };
  const run = async (attackers: readonly Attacker[], ms: number): Promise<void> => {
    const over = new AbortController();
    const signal = AbortSignal.any([stopped, over.signal]);
    setMaxListeners(0, signal);
    const running = Promise.all(attackers.map((attacker) => attacker(signal)));
    await Promise.race([pause(ms, signal), running]);
    over.abort();
    await running;
  };
  const requests = [
    ...times(CALCULATING_CLIENTS, () => request(calculationAttack(targets))),
    ...times(OTHER_CLIENTS, () => request(indicatorsAttack(random, targets))),
    ...times(OTHER_CLIENTS, () => request(ownCandlesAttack(random))),
  ];
  const parts = async (): Promise<void> => {
    const part = (seconds * 1000) / PARTS;
    await run([...times(HISTORY_SOCKETS - 1, history), indicators], part);
    const mixed = [
      ...times(MIXED.history, history),
      ...times(MIXED.indicators, () => indicators),
      ...times(MIXED.flapping, () => flapping),
      ...times(MIXED.pings, () => pings),
      ...times(MIXED.eventStreams, () => eventStream),
    ];
    await run(mixed, part);
    await run(times(ROOMS * SOCKETS_PER_ROOM, room), part);
  };
  await Promise.all([parts(), run(requests, seconds * 1000)]);
  return ledger.report();
}

const stopping = new AbortController();
setMaxListeners(0, stopping.signal);

const reply = (report: Report): void => void process.send?.(report);

process.on("message", (message: Order) => {
  if (message.order === "stop") {
    stopping.abort();
    return;
  }
  attack(message.plan, stopping.signal).then(
    (done) => reply({ done }),
    (error: unknown) => reply({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
