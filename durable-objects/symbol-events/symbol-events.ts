import type { ShareOwner } from "../../core/concurrency/fair-share.ts";
import type { Interval } from "../../core/interval.ts";

/** A position in a symbol's stream of quotes. */
export interface QuotePosition {
  epoch: string;
  seq: number;
}

/** A live indicator at one interval; `spec` is as the client wrote it, in lower case, and is the key of its frames. */
export interface IndicatorInterest {
  interval: Interval;
  spec: string;
}

/** A live indicator of a hub's interest. */
export interface OwnedIndicator extends IndicatorInterest {
  /** The caller whose share of the symbol's live indicators it is: one of its subscribers. Absent from what was kept before owners were. */
  owner?: ShareOwner;
}

/** An indicator that cannot be watched, and why; the code is a problem document's. */
export interface RejectedIndicator extends IndicatorInterest {
  code:
    | "indicator.unknown"
    | "indicator.invalid_parameters"
    | "stream.too_many_subscriptions"
    | "stream.share_exceeded"
    | "stream.overloaded";
  detail: string;
}

/** What a hub wants to receive of one symbol: all that any of its sockets is subscribed to. */
export interface Interest {
  quotes: boolean;
  candles: readonly Interval[];
  indicators: readonly OwnedIndicator[];
}

/** What has become of a bar, as the text of a frame. */
export type BarEvent =
  /** A `candle` frame; `time` is the opening of its bucket. `isClosed` is true of revised bars, too. */
  | { channel: "candles"; interval: Interval; time: number; isClosed: boolean; text: string }
  /** An `indicator` frame. */
  | { channel: "indicators"; interval: Interval; spec: string; time: number; isClosed: boolean; text: string };

/** Something that happened to a symbol, written once by its room as the text of a frame; every subscriber gets the same text. */
export type FrameEvent =
  /** A `market_data` frame. Its text begins with `{"type":"market_data",`, so that `"skipped":n,` can be put in behind. */
  | { channel: "quotes"; epoch: string; seq: number; text: string }
  /** A `gap` frame: the room itself lost the events of these numbers. */
  | { channel: "gap"; epoch: string; fromSeq: number; toSeq: number; text: string }
  /**
   * A bar. The order of a closed one is higher than that of any bar of the symbol before it; an open one has the order of the last
   * that closed.
   */
  | (BarEvent & { order: number });

/** A new epoch of a symbol's stream: whatever a client has of an earlier one, its events and bars, may not be what the room has. */
export interface EpochEvent {
  channel: "epoch";
  /** The position after which the events of the epoch come. */
  position: QuotePosition;
}

/** What a room publishes. */
export type SymbolEvent = FrameEvent | EpochEvent;

/** What a hub learns about a symbol when it takes or renews a lease. */
export interface Lease {
  /** The place after which every event will be delivered. */
  position: QuotePosition;
  /** Time of the last event, ISO-8601; null where there was none. */
  lastEventAt: string | null;
  /** The exchange whose calendar holds. */
  exchange: string;
  /** Seconds within which an event may be expected while the market is open; longer silence is `quiet`. */
  expectedInterval: number;
  /** Unix seconds until which the room publishes without a renewal. */
  until: number;
  /** Wanted indicators that there are not; the rest of what is wanted is delivered. */
  refused?: readonly RejectedIndicator[];
}

/** What a client missed of a symbol's quotes. */
export interface QuoteReplay {
  position: QuotePosition;
  /** null where the client named no position. */
  recovered: boolean | null;
  /** The frames' texts, in order, where recovered. */
  missed: string[];
  /** The latest quote as a `Quote` in JSON, where nothing was recovered; null where there is none. */
  snapshot: string | null;
}

/** What a client missed of a symbol's candles or of an indicator: the frames of the bars that closed since. */
export interface BarReplay {
  /** Opening of the last closed bar, unix seconds; null where there is none. */
  time: number | null;
  recovered: boolean | null;
  missed: string[];
  /** Why nothing was read. */
  refused?: { code: "stream.overloaded"; detail: string };
}

/**
 * Where a hub receives events from: a hub asks each symbol's room by RPC, a room asks itself. A caller that attends gets its
 * events by `deliver` of its hub.
 */
export interface RoomClient {
  /** Says what is wanted of a symbol from now on, in place of what was wanted before; nothing ends it. */
  renewLease(symbol: string, interest: Interest): Promise<Lease>;
  /** What came after a position, or a snapshot. */
  replayQuotes(symbol: string, since: QuotePosition | null): Promise<QuoteReplay>;
  replayCandles(symbol: string, interval: Interval, since: number | null): Promise<BarReplay>;
  /** Of each of several indicators of one interval; their bars are read once. */
  replayIndicators(
    symbol: string,
    interval: Interval,
    specs: readonly string[],
    since: number | null,
  ): Promise<BarReplay[]>;
}
