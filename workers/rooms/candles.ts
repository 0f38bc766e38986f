import { ApiError } from "../../contracts/problem.ts";
import { instrumentOf, type SymbolRecord } from "../../contracts/symbol.ts";
import type { RowQuery } from "../../durable-objects/symbol-room/candles/candle-store.ts";
import type { CandlesReply } from "../../durable-objects/symbol-room/symbol-room.ts";
import { callRoom, countDecisions, RoomFailure } from "./call-room.ts";

/**
 * What a symbol's room says when it is asked for candles.
 * @throws ApiError candles.unavailable where the room fails
 */
export async function readRoomCandles(env: Env, record: SymbolRecord, rows: RowQuery): Promise<CandlesReply> {
  try {
    const reply = await callRoom<CandlesReply>(env, record.symbol, (room, traceparent) =>
      room.candles(instrumentOf(record), rows, traceparent),
    );
    countDecisions(reply);
    return reply;
  } catch (error) {
    if (!(error instanceof RoomFailure)) throw error;
    throw new ApiError("candles.unavailable", `The room of ${record.symbol}, which has its candles, does not answer.`, {
      headers: { "Retry-After": "5" },
    });
  }
}
