import type { ProblemCode } from "../../../contracts/problem.ts";
import {
  HEARTBEAT_SECONDS,
  MAX_MESSAGE_BYTES,
  MAX_SYMBOLS,
  PROTOCOL,
  type ServerFrame,
  type ServerFrameOf,
} from "../../../contracts/stream.ts";
import type { Subscription } from "./subscription.ts";

type Body<T extends ServerFrame["type"]> = Omit<ServerFrameOf<T>, "type" | "timestamp">;

/** The text of a frame. */
export function frame<T extends ServerFrame["type"]>(type: T, body: Body<T>): string {
  return JSON.stringify({ type, timestamp: new Date().toISOString(), ...body });
}

export const PONG = '{"type":"pong"}';

/** The first frame of a socket. */
export function connectedFrame(connectionId: string, unacknowledgedBytes: number): string {
  return frame("welcome", {
    connection_id: connectionId,
    protocol: PROTOCOL,
    limits: { symbols: MAX_SYMBOLS, message_bytes: MAX_MESSAGE_BYTES, unacknowledged_bytes: unacknowledgedBytes },
    heartbeat_interval: HEARTBEAT_SECONDS,
    message: "Welcome to WizData Edge. Subscribe to symbols; acknowledge heartbeats.",
  });
}

export function errorFrame(code: ProblemCode, detail: string, id: unknown): string {
  return frame("error", { code, detail, id: id ?? null });
}

/** What a confirmation says, its positions as texts that are JSON already. */
export interface Confirmation {
  id: unknown;
  channel: Subscription["channel"];
  rejected: ServerFrameOf<"subscription_confirmed">["rejected"];
  positions: ReadonlyMap<string, string>;
  subscriptions: Iterable<Subscription>;
}

/** The frame after which a subscription's events come. What was missed is not serialised again. */
export function confirmationFrame({ id, channel, rejected, positions, subscriptions }: Confirmation): string {
  const head = JSON.stringify({
    type: "subscription_confirmed",
    timestamp: new Date().toISOString(),
    id: id ?? null,
    channel,
    symbols: [...positions.keys()],
    rejected,
    subscriptions: [...subscriptions],
  });
  const sessions = Array.from(positions, ([symbol, position]) => `${JSON.stringify(symbol)}:${position}`);
  return `${head.slice(0, -1)},"positions":{${sessions.join()}}}`;
}

/** A frame that says that the platform itself lost events. */
export function gapFrame(symbol: string, fromSeq: number, toSeq: number, reason: string): string {
  return frame("gap", { symbol, from_seq: fromSeq, to_seq: toSeq, reason });
}
