import { z } from "zod";
import type { Channel, EndEvent } from "../../contracts/stream.ts";
import type { Interval } from "../../core/interval.ts";

/** What a stream of events is to carry. */
export interface EventStreamRequest {
  symbol: string;
  channel: Channel;
  interval: Interval;
  indicators: readonly string[] | undefined;
  /** Where its client was; null where it says nothing. */
  since: { epoch: string; seq: number } | { time: number } | null;
  maxHz: number | null;
}

/** What a subscriber missed: whole frames, oldest first. */
const missed = z.array(z.looseObject({ type: z.string() })).optional();

const Position = z.union([
  z.looseObject({ epoch: z.string(), seq: z.number(), missed }),
  z.looseObject({ time: z.number().nullable(), missed }),
]);

const Frame = z.looseObject({
  type: z.string(),
  epoch: z.string().optional(),
  seq: z.number().optional(),
  time: z.number().optional(),
  state: z.string().optional(),
  beat: z.number().optional(),
  data: z.looseObject({ time: z.number().optional(), state: z.string().optional() }).optional(),
  positions: z.record(z.string(), Position).optional(),
});

type Frame = z.infer<typeof Frame>;

/** Milliseconds after which a browser comes back. */
const RETRY_MS = 2_000;

function subscribeMessage({ symbol, channel, interval, indicators, since, maxHz }: EventStreamRequest): string {
  return JSON.stringify({
    action: "subscribe",
    symbols: [symbol],
    channel,
    interval,
    indicators,
    since: since === null ? undefined : { [symbol]: since },
    delivery: maxHz === null ? { mode: "all" } : { mode: "conflate", max_hz: maxHz },
  });
}

/** Bars of which only a part has been sent. The oldest is dropped beyond this: an indicator that never comes must not keep them all. */
const MAX_PARTIAL_BARS = 100;

/** Whether a closed bar has been published for each of several indicators; before that, a client has only a part of it. */
function createBarCounter(indicators: readonly string[]): (time: number) => boolean {
  const specs = new Set(indicators.map((spec) => spec.toLowerCase())).size;
  const known = new Map<number, number>();
  return (time) => {
    const count = (known.get(time) ?? 0) + 1;
    if (count < specs) known.set(time, count);
    else known.delete(time);
    const [oldest] = known.keys();
    if (known.size > MAX_PARTIAL_BARS) known.delete(oldest);
    return count >= specs;
  };
}

/** The id by which a client that comes back says where it was; null where a frame moves no place. */
function idOf(frame: Frame, symbol: string, isComplete: (time: number) => boolean): string | null {
  const position = frame.positions?.[symbol];
  if (position && "epoch" in position) return `${position.epoch}:${position.seq}`;
  if (position) return position.time === null ? null : String(position.time);
  if (frame.type === "market_data") return `${frame.epoch}:${frame.seq}`;
  if (frame.type === "candle" && frame.data?.state === "closed") return String(frame.data.time);
  if (frame.type === "indicator" && frame.state === "closed" && frame.time !== undefined) {
    return isComplete(frame.time) ? String(frame.time) : null;
  }
  return null;
}

/** A frame as an event. */
const eventOf = (type: string, text: string, id: string | null): string =>
  `event: ${type}\n${id === null ? "" : `id: ${id}\n`}data: ${text}\n\n`;

/**
 * A frame as the events of its client: what was missed does not stay inside of the confirmation, but follows it, each event with its own
 * id, as a browser's EventSource expects. A confirmation that such events follow has no id: its client is not there yet.
 */
function eventsOf(
  text: string,
  symbol: string,
  isComplete: (time: number) => boolean,
): { events: string; beat: number | undefined } {
  const frame = Frame.parse(JSON.parse(text));
  const { beat } = frame;
  const position = frame.positions?.[symbol];
  if (!position?.missed?.length) return { events: eventOf(frame.type, text, idOf(frame, symbol, isComplete)), beat };
  const confirmed = { ...frame, positions: { ...frame.positions, [symbol]: { ...position, missed: [] } } };
  const events = position.missed.map((each): string => {
    const missedFrame = Frame.parse(each);
    return eventOf(missedFrame.type, JSON.stringify(each), idOf(missedFrame, symbol, isComplete));
  });
  return { events: eventOf(frame.type, JSON.stringify(confirmed), null) + events.join(""), beat };
}

/** The last event of a stream that the platform ends: the close code and the reason of the socket that it was made of. */
function endOf({ code, reason }: CloseEvent): string {
  const detail = reason || "The platform ends the stream; come back with the id of the last event.";
  const end: EndEvent = { type: "end", code, detail, timestamp: new Date().toISOString() };
  return eventOf(end.type, JSON.stringify(end), null);
}

/**
 * Server-sent events out of a hub's socket. The Worker holds both ends: the hub can hibernate meanwhile. A heartbeat is acknowledged
 * when the client's side has taken it, so that a client that does not read is found out as on any socket.
 */
export function bridgeEvents(socket: WebSocket, request: EventStreamRequest): ReadableStream<Uint8Array> {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const isComplete = createBarCounter(request.indicators ?? []);
  let isOpen = true;

  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    socket.close(1000, "the client has left");
  };

  const write = async (text: string, beat: number | undefined): Promise<void> => {
    // That a client has left shows only here.
    const isTaken = await writer.write(encoder.encode(text)).then(
      () => true,
      () => false,
    );
    if (!isTaken) end();
    if (isOpen && beat !== undefined) socket.send(JSON.stringify({ action: "ack", beat }));
  };

  socket.addEventListener("message", ({ data }) => {
    const text = String(data);
    const { events, beat } = eventsOf(text, request.symbol, isComplete);
    void write(events, beat);
  });
  socket.addEventListener("close", (event) => {
    const byPlatform = isOpen;
    isOpen = false;
    if (byPlatform) void writer.write(encoder.encode(endOf(event))).catch(() => undefined);
    // A client that left before has closed its side already.
    void writer.close().catch(() => undefined);
  });
  socket.accept();
  socket.send(subscribeMessage(request));
  void write(`retry: ${RETRY_MS}\n\n`, undefined);
  return readable;
}
