import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Instrument } from "../../contracts/symbol.ts";
import type { FrameEvent, Interest, SymbolEvent } from "../../durable-objects/symbol-events/symbol-events.ts";
import type { SymbolRoom } from "../../durable-objects/symbol-room/symbol-room.ts";
import { injectBinding } from "./bindings.ts";

/**
 * A moment on which the clock of a test stands: a Thursday. It lies far ahead, so that alarms never ring by themselves:
 * the platform's clock is the real one.
 */
export const TEST_TIME = Date.parse("2048-11-19T15:30:20.250Z") / 1000;

export const QUOTES_INTEREST: Interest = { quotes: true, candles: [], indicators: [] };
export const NO_INTEREST: Interest = { quotes: false, candles: [], indicators: [] };

/** A hub that a test plays, and what was pushed to it. */
export interface FakeHub {
  events: FrameEvent[];
  pushes: FrameEvent[][];
  /** Answers a push. */
  answer: (events: SymbolEvent[]) => Promise<boolean>;
}

/** A simulated instrument that trades always. */
export function simulated(symbol: string, change: Partial<Instrument> = {}): Instrument {
  return {
    ...{ symbol, type: "crypto", primary_exchange: "BINANCE", currency: "USDT", price_unit: "USDT" },
    ...{ price_decimals: 2, volume_unit: "base", data_sources: ["simulator"], provider_symbols: {} },
    ...{ is_active: true, listed_on: null, last_updated: "2026-11-01T00:00:00.000Z" },
    ...change,
  };
}

export const roomOf = (symbol: string): DurableObjectStub<SymbolRoom> => env.SYMBOL_ROOM.getByName(symbol);

/** Sets the clock to a moment (unix seconds). */
export const setClock = (now: number): void => void vi.setSystemTime(Math.round(now * 1000));

/** Lets a played hub take what a room pushes. Lost with an eviction. */
export async function createFakeHub(symbol: string): Promise<FakeHub> {
  const hub: FakeHub = { events: [], pushes: [], answer: async () => true };
  await connectFakeHub(symbol, hub);
  return hub;
}

/** Puts a played hub behind a room that has none. */
export async function connectFakeHub(symbol: string, hub: FakeHub): Promise<void> {
  await runInDurableObject(roomOf(symbol), (room: SymbolRoom) => {
    const push = async (of: string, events: SymbolEvent[]): Promise<boolean> => {
      if (of !== symbol) throw new Error(`events of ${of} from ${symbol}`);
      const frames = events.filter((event) => event.channel !== "epoch");
      hub.pushes.push(frames);
      const isWanted = await hub.answer(events);
      if (isWanted) hub.events.push(...frames);
      return isWanted;
    };
    injectBinding(room, "STREAM_HUB", () => ({ push }));
  });
}

/** When a room's alarm rings, unix seconds; null where it has none. */
export async function alarmOf(symbol: string): Promise<number | null> {
  const at = await runInDurableObject(roomOf(symbol), (_, state) => state.storage.getAlarm());
  return at === null ? null : at / 1000;
}

/** Lets time pass up to a moment: each alarm of the room until then rings when its time has come. */
export async function advanceTo(symbol: string, until: number): Promise<void> {
  for (;;) {
    const at = await alarmOf(symbol);
    if (at === null || at > until) break;
    setClock(Math.max(at, Date.now() / 1000));
    await runDurableObjectAlarm(roomOf(symbol));
  }
  setClock(until);
}

/** Evicts a room, as the platform does, and puts the played hub behind it again. */
export async function evict(symbol: string, hub: FakeHub): Promise<void> {
  await evictDurableObject(roomOf(symbol));
  await connectFakeHub(symbol, hub);
}

/** The parsed text of an event. */
export const frameOf = (event: FrameEvent): Record<string, unknown> => JSON.parse(event.text);
