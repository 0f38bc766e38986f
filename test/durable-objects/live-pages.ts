import type { ProviderName } from "../../contracts/provider.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { type Candle, candleAt } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import type { CandlesPage } from "../../durable-objects/symbol-room/candles/reading/candle-pages.ts";
import type { RowQuery } from "../../durable-objects/symbol-room/candles/storage/candle-store.ts";
import type { CandlesReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { roomOf } from "./live-room.ts";
import { goLive, type LiveUpstream, liveInstrument } from "./live-upstream.ts";

const HOUR = 3600;

/** A live symbol with its sources. */
export async function listed(symbol: string, sources: ProviderName[] = ["binance", "coingecko"]): Promise<Instrument> {
  await goLive(symbol);
  return liveInstrument(symbol, sources);
}

/** Asks a room for a page of candles: the newest ten, if not otherwise said. */
export function ask(of: Instrument, interval: Interval, query: Partial<RowQuery> = {}): Promise<CandlesReply> {
  const to = Math.floor(Date.now() / 1000) + 1;
  const rows = { interval, from: -8.64e12, to, limit: 10, backward: true, includeSuspect: false, ...query };
  return roomOf(of.symbol).candles(of, rows) as Promise<CandlesReply>;
}

/** A page of candles that is there. */
export async function pageOf(of: Instrument, interval: Interval, query: Partial<RowQuery> = {}): Promise<CandlesPage> {
  const reply = await ask(of, interval, query);
  if (reply.kind !== "page") throw new Error(`no page but ${reply.kind}`);
  return reply;
}

export const rowsOf = ({ candles }: CandlesPage): Candle[] =>
  Array.from({ length: candles.length }, (_, i) => candleAt(candles, i));
export const timesOf = (page: CandlesPage): number[] => rowsOf(page).map(({ time }) => time);
/** Stamps of hours in a row. */
export const hours = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i * HOUR);
/** What an upstream was asked for. */
export const asked = ({ candleCalls }: LiveUpstream) =>
  candleCalls.map(({ interval, from, to }) => ({ interval, from, to }));
