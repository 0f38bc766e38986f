import type { Instrument } from "../../contracts/symbol.ts";
import type { Connection, Place } from "./connection.ts";
import type { Attendance, QuotePosition, Wants } from "./feed.ts";
import type { Listener } from "./listener.ts";
import { type Subject, subjectKey, wantsOf } from "./subscription.ts";

/** A symbol that somebody listens to. */
export class Topic {
  readonly instrument: Instrument;
  /** By subject, then by socket. */
  private readonly listeners = new Map<string, Map<Connection, Listener>>();
  /** The last quote that was handed on; null while it is unknown. */
  place: QuotePosition | null = null;
  /** The order of the last closed bar that was handed on; 0 while it is unknown. */
  bars = 0;
  /** The socket whose attachment keeps `place` and `bars` through hibernation. */
  keeper: Connection | null = null;
  attendance: Attendance | null = null;
  /** What the feed was last told is wanted. */
  told = "";
  /** The telling that is under way. */
  telling: Promise<Attendance> | null = null;
  /** The delivery that is under way; the next begins after it. */
  delivering: Promise<void> | null = null;
  /** When the last event came, unix milliseconds; null where none has come since the object woke. */
  lastEventAt: number | null = null;
  /** Whether conflated listeners may lack what waited for them when the object's memory went. */
  isWoken = false;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  get symbol(): string {
    return this.instrument.symbol;
  }

  get isEmpty(): boolean {
    return this.listeners.size === 0;
  }

  add(listener: Listener): void {
    const key = subjectKey(listener.subscription);
    const bySocket = this.listeners.get(key);
    if (bySocket) bySocket.set(listener.connection, listener);
    else this.listeners.set(key, new Map([[listener.connection, listener]]));
  }

  /** Removes a listener, unless another of its socket has taken its place. */
  remove(listener: Listener): void {
    const key = subjectKey(listener.subscription);
    const bySocket = this.listeners.get(key);
    if (bySocket?.get(listener.connection) !== listener) return;
    bySocket.delete(listener.connection);
    if (bySocket.size === 0) this.listeners.delete(key);
  }

  of(key: string): Iterable<Listener> {
    return this.listeners.get(key)?.values() ?? [];
  }

  *all(): Generator<Listener> {
    for (const bySocket of this.listeners.values()) yield* bySocket.values();
  }

  *connections(): Generator<Connection> {
    for (const bySocket of this.listeners.values()) yield* bySocket.keys();
  }

  /** Whether a socket listens to anything of the symbol. */
  isHeardBy(connection: Connection): boolean {
    for (const bySocket of this.listeners.values()) if (bySocket.has(connection)) return true;
    return false;
  }

  /** The sockets that listen to anything of the symbol. */
  get audience(): Set<Connection> {
    return new Set(this.connections());
  }

  get wants(): Wants {
    const subjects: Subject[] = [];
    for (const bySocket of this.listeners.values()) {
      for (const { subscription } of bySocket.values()) {
        subjects.push(subscription);
        break;
      }
    }
    return wantsOf(subjects);
  }

  /** What `wants` says, as a text that is equal where it is. */
  get wanted(): string {
    return [...this.listeners.keys()].sort().join();
  }

  /** Keeps the place in an attachment, so that events are neither lost nor repeated after the object was away. */
  keepPlace(place: QuotePosition): void {
    this.place = place;
    if (this.keeper === null) this.keeper = this.connections().next().value ?? null;
    this.keeper?.keepPlace(this.symbol, [place.epoch, place.seq, this.bars]);
  }

  /** Takes up the place that a socket kept while the object was away. */
  restorePlace(keeper: Connection, [epoch, seq, bars = 0]: Place): void {
    this.keeper = keeper;
    this.place = { epoch, seq };
    this.bars = bars;
  }

  /** Lets go of a socket that leaves the symbol: another keeps the place from now on. */
  leave(connection: Connection): void {
    if (this.keeper !== connection) return;
    connection.keepPlace(this.symbol, null);
    this.keeper = null;
    if (this.place !== null) this.keepPlace(this.place);
  }
}
