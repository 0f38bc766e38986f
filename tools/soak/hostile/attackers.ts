import type { RequestCandle } from "../../../contracts/indicator.ts";
import type { SeededRandom } from "../../seeded-random.ts";
import { EXPENSIVE_SPECS, historyMessage, MAX_HISTORY_BARS, sinceMinutesAgo, someOf } from "./expensive.ts";
import type { HttpAttack } from "./http-attack.ts";
import type { SocketAttack } from "./socket-attack.ts";

/** What is attacked. */
export interface Targets {
  /** Every symbol. */
  symbols: readonly string[];
  /** Those that trade always, and so have a bar for each minute. */
  alwaysTraded: readonly string[];
}

/** Most messages ask for all bars of one symbol; of more, the first has them and the others are read for nothing. */
const SHARE_OF_MANY = 1 / 3;
const SYMBOLS_OF_HISTORY = 5;
const HISTORY_MS = 200;
const COMES_BACK_MS = 10_000;
const ROOM_HISTORY_MS = 5_000;
/** 20 specs each: as many subscriptions as a socket may have. */
const SYMBOLS_OF_INDICATORS = 50;
const INDICATORS_MS = 5_000;
/** 20 specs each: nearly as many values as a confirmation may hold. */
const BARS_OF_INDICATORS = 240;
const SYMBOLS_OF_FLAPPING = 20;
const FLAPPING_MS = 200;
/** Many more than are taken. */
const PINGS = 50;
const PINGS_MS = 100;
const SYMBOLS_OF_CALCULATION = 50;
const POINTS_OF_CALCULATION = 500;
const POINTS_OF_INDICATORS = 5_000;
const OWN_CANDLES = 10_000;

const ofShare = (most: number, share: number): number => Math.max(1, Math.floor(most * share));

/** Never reads and asks for old history again and again. One that comes back leaves what it was sent behind. */
export function historyAttack(random: SeededRandom, { alwaysTraded }: Targets, comesBack: boolean): SocketAttack {
  return {
    ...{ name: "silent sockets with history", path: "/ws", isSilent: true, everyMs: HISTORY_MS },
    messages: () => {
      const symbols = someOf(random, alwaysTraded, random.next() < SHARE_OF_MANY ? SYMBOLS_OF_HISTORY : 1);
      return [historyMessage(symbols, MAX_HISTORY_BARS)];
    },
    staysMs: comesBack ? COMES_BACK_MS : null,
  };
}

/** The same at a symbol's own door. */
export function roomAttack(symbol: string): SocketAttack {
  return {
    ...{ name: "silent sockets of rooms", path: `/ws/${symbol}`, isSilent: true, everyMs: ROOM_HISTORY_MS },
    messages: () => [historyMessage([symbol], MAX_HISTORY_BARS)],
    staysMs: null,
  };
}

/** Subscribes to expensive indicators of many symbols, some with what they missed. */
export function indicatorAttack(random: SeededRandom, { alwaysTraded, symbols }: Targets): SocketAttack {
  const subscribe = { action: "subscribe", channel: "indicators", interval: "1m", indicators: EXPENSIVE_SPECS };
  return {
    ...{ name: "sockets with indicators", path: "/ws", isSilent: false, everyMs: INDICATORS_MS },
    messages: () => {
      const many = someOf(random, symbols, SYMBOLS_OF_INDICATORS);
      const one = [random.pick(alwaysTraded)];
      return [
        { action: "unsubscribe" },
        { ...subscribe, symbols: many },
        { action: "unsubscribe" },
        { ...subscribe, symbols: one, since: sinceMinutesAgo(one, BARS_OF_INDICATORS) },
      ].map((message) => JSON.stringify(message));
    },
    staysMs: null,
  };
}

/** Subscribes and unsubscribes as fast as messages are taken. */
export function flappingAttack(random: SeededRandom, { symbols }: Targets): SocketAttack {
  return {
    ...{ name: "flapping sockets", path: "/ws", isSilent: false, everyMs: FLAPPING_MS },
    messages: () => {
      const chosen = someOf(random, symbols, SYMBOLS_OF_FLAPPING);
      return ["subscribe", "unsubscribe"].map((action) => JSON.stringify({ action, symbols: chosen }));
    },
    staysMs: COMES_BACK_MS,
  };
}

/** Pings and reads no answer. */
export function pingAttack(): SocketAttack {
  return {
    ...{ name: "silent sockets that ping", path: "/ws", isSilent: true, everyMs: PINGS_MS },
    messages: () => Array.from({ length: PINGS }, () => '{"action":"ping"}'),
    staysMs: null,
  };
}

/** The shortest symbols, so that the most asked for takes the fewest bytes. */
const shortest = (symbols: readonly string[], count: number): string[] =>
  symbols.toSorted((a, b) => a.length - b.length).slice(0, count);

/** Calculates for many symbols with some hundred bytes. */
export function calculationAttack({ symbols }: Targets): HttpAttack {
  return {
    name: "POST /calculate of symbols",
    request: (share) => ({
      ...{ method: "POST", path: "/calculate" },
      body: JSON.stringify({
        symbols: shortest(symbols, ofShare(SYMBOLS_OF_CALCULATION, share)),
        indicators: EXPENSIVE_SPECS,
        ...{ interval: "1m", data_points: POINTS_OF_CALCULATION },
      }),
    }),
  };
}

/** Asks for the longest series of one symbol. */
export function indicatorsAttack(random: SeededRandom, { alwaysTraded }: Targets): HttpAttack {
  return {
    name: "GET /indicators/{symbol}",
    request: (share) => {
      const points = ofShare(POINTS_OF_INDICATORS, share);
      const query = `indicators=${EXPENSIVE_SPECS.join(",")}&interval=1m&data_points=${points}`;
      return { method: "GET", path: `/indicators/${random.pick(alwaysTraded)}?${query}` };
    },
  };
}

/** Calculates over as many candles as may be brought. */
export function ownCandlesAttack(random: SeededRandom): HttpAttack {
  const candles: RequestCandle[] = Array.from({ length: OWN_CANDLES }, (_, i) => {
    const open = 100 + random.next();
    return { time: i * 60, open, high: open + 1, low: open - 1, close: open + random.next() - 0.5, volume: 1 };
  });
  return {
    name: "POST /calculate of own candles",
    request: (share) => ({
      ...{ method: "POST", path: "/calculate" },
      body: JSON.stringify({ candles: candles.slice(0, ofShare(OWN_CANDLES, share)), indicators: EXPENSIVE_SPECS }),
    }),
  };
}
