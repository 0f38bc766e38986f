import { ApiError } from "../../contracts/problem.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import type { BarsQuery } from "../../core/indicators/history.ts";
import type { RowQuery } from "../../durable-objects/symbol-room/candles/storage/candle-store.ts";
import type { CandlesReply, ColumnsReply, SymbolRoom } from "../../durable-objects/symbol-room/symbol-room.ts";
import { callRoom, countDecisions, RoomFailure } from "./call-room.ts";

/** Asks a symbol's room for candles, and counts the decisions that come with its reply. */
async function ask<Reply extends CandlesReply | ColumnsReply>(
  env: Env,
  { symbol }: SymbolRecord,
  call: (room: DurableObjectStub<SymbolRoom>, traceparent?: string) => Promise<Reply>,
): Promise<Reply> {
  try {
    const reply = await callRoom<Reply>(env, symbol, call);
    countDecisions(reply);
    return reply;
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
    throw new ApiError("candles.unavailable", `The room of ${symbol}, which has its candles, does not answer.`, {
      headers: { "Retry-After": "5" },
    });
  }
}

/**
 * A page of a symbol's candles, from its room.
 * @throws ApiError candles.unavailable if the room fails
 */
export const readRoomCandles = (env: Env, record: SymbolRecord, rows: RowQuery): Promise<CandlesReply> =>
  ask<CandlesReply>(env, record, (room, traceparent) => room.candles(instrumentOf(record), rows, traceparent));

/**
 * The bars of a symbol that are asked for, with the history that indicators need, from its room in one call.
 * @param specs the keys of the indicators' specs
 * @throws ApiError candles.unavailable if the room fails
 */
export const readRoomColumns = (
  env: Env,
  record: SymbolRecord,
  query: BarsQuery,
  specs: readonly string[],
): Promise<ColumnsReply> =>
  ask<ColumnsReply>(env, record, (room, traceparent) => room.columns(instrumentOf(record), query, specs, traceparent));
