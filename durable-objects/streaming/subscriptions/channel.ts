import type { Instrument } from "../../../contracts/symbol.ts";
import type { Interest, Lease, QuotePosition } from "../../symbol-events/symbol-events.ts";
import type { Connection, StoredPosition } from "../connections/connection.ts";
import { interestOf, type Subject, subjectKey } from "../protocol/subscription.ts";
import type { Subscriber } from "./subscriber.ts";

/** A symbol that a client listens to. */
export class SymbolChannel {
  readonly instrument: Instrument;
  /** By subject, then by socket. */
  private readonly subscribers = new Map<string, Map<Connection, Subscriber>>();
  /** The last quote that was handed on; null while it is unknown. */
  position: QuotePosition | null = null;
  /** The order of the last closed bar that was handed on; 0 while it is unknown. */
  lastBarOrder = 0;
  /** The socket whose attachment keeps `place` and `bars` through hibernation. */
  positionHolder: Connection | null = null;
  lease: Lease | null = null;
  /** What the room was last asked for. */
  leasedInterest = "";
  /** The saying that is under way. */
  renewal: Promise<Lease> | null = null;
  /** The delivery that is under way; the next begins after it. */
  publishing: Promise<void> | null = null;
  /** When the last event came, unix milliseconds; null where none has come since the object woke. */
  lastEventAt: number | null = null;
  /** Whether conflated listeners may lack what waited for them when the object's memory went. */
  resumedFromHibernation = false;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  get symbol(): string {
    return this.instrument.symbol;
  }

  get isEmpty(): boolean {
    return this.subscribers.size === 0;
  }

  add(subscriber: Subscriber): void {
    const key = subjectKey(subscriber.subscription);
    const bySocket = this.subscribers.get(key);
    if (bySocket) bySocket.set(subscriber.connection, subscriber);
    else this.subscribers.set(key, new Map([[subscriber.connection, subscriber]]));
  }

  /** Removes a listener, unless another of its socket has taken its position. */
  remove(subscriber: Subscriber): void {
    const key = subjectKey(subscriber.subscription);
    const bySocket = this.subscribers.get(key);
    if (bySocket?.get(subscriber.connection) !== subscriber) return;
    bySocket.delete(subscriber.connection);
    if (bySocket.size === 0) this.subscribers.delete(key);
  }

  subscribersOf(key: string): Iterable<Subscriber> {
    return this.subscribers.get(key)?.values() ?? [];
  }

  *allSubscribers(): Generator<Subscriber> {
    for (const bySocket of this.subscribers.values()) yield* bySocket.values();
  }

  *connections(): Generator<Connection> {
    for (const bySocket of this.subscribers.values()) yield* bySocket.keys();
  }

  /** Whether a socket listens to anything of the symbol. */
  hasConnection(connection: Connection): boolean {
    for (const bySocket of this.subscribers.values()) if (bySocket.has(connection)) return true;
    return false;
  }

  /** The sockets that listen to anything of the symbol. */
  get connectionSet(): Set<Connection> {
    return new Set(this.connections());
  }

  get interest(): Interest {
    const subjects: Subject[] = [];
    for (const bySocket of this.subscribers.values()) {
      for (const { subscription } of bySocket.values()) {
        subjects.push(subscription);
        break;
      }
    }
    return interestOf(subjects);
  }

  /** What `wants` says, as a text that is equal where it is. */
  get interestKey(): string {
    return [...this.subscribers.keys()].sort().join();
  }

  /** Keeps the place in an attachment, so that events are neither lost nor repeated after the object was away. */
  savePosition(position: QuotePosition): void {
    this.position = position;
    if (this.positionHolder === null) this.positionHolder = this.connections().next().value ?? null;
    this.positionHolder?.savePosition(this.symbol, [position.epoch, position.seq, this.lastBarOrder]);
  }

  /** Takes up the place that a socket kept while the object was away. */
  restorePosition(holder: Connection, [epoch, seq, bars = 0]: StoredPosition): void {
    this.positionHolder = holder;
    this.position = { epoch, seq };
    this.lastBarOrder = bars;
  }

  /** Lets go of a socket that leaves the symbol: another keeps the place from now on. */
  releasePosition(connection: Connection): void {
    if (this.positionHolder !== connection) return;
    connection.savePosition(this.symbol, null);
    this.positionHolder = null;
    if (this.position !== null) this.savePosition(this.position);
  }
}
