import type { Instrument } from "../../../contracts/symbol.ts";
import type { ShareOwner } from "../../../core/concurrency/fair-share.ts";
import type { Interval } from "../../../core/interval.ts";
import { isWithin } from "../../../core/time.ts";
import type { Interest, Lease, OwnedIndicator, QuotePosition } from "../../symbol-events/symbol-events.ts";
import type { Connection, StoredPosition } from "../connections/connection.ts";
import { subjectKey } from "../protocol/subscription.ts";
import type { Subscriber } from "./subscriber.ts";

/** A symbol is kept for so long (milliseconds) after its last subscriber has left. */
const ABANDONED_AFTER_MS = 5_000;

/** The caller whose share a live indicator is: the first of its subscribers with a key, else the first. */
function ownerOf(connections: Iterable<Connection>): ShareOwner | undefined {
  let first: ShareOwner | undefined;
  for (const { account } of connections) {
    const { name, hasKey } = account;
    if (hasKey) return { name, hasKey };
    first ??= { name, hasKey };
  }
  return first;
}

/** A symbol with its subscribers, its position in the stream, and the lease on its room. */
export class SymbolChannel {
  readonly instrument: Instrument;
  /** By subject, then by socket. */
  readonly #subscribers = new Map<string, Map<Connection, Subscriber>>();
  /** The last quote that was published; null while it is unknown. */
  #position: QuotePosition | null = null;
  /** The order of the last closed bar that was published; 0 while it is unknown. */
  #lastBarOrder = 0;
  /** The socket whose attachment keeps position and order through hibernation. */
  #positionHolder: Connection | null = null;
  #lease: Lease | null = null;
  /** The key of the interest that the lease is for. */
  #leasedInterest = "";
  #renewal: Promise<Lease> | null = null;
  /** The work on the channel's events that is under way; the next begins after it. */
  #working: Promise<void> | null = null;
  #lastEventAt: number | null = null;
  /** When its last subscriber left, unix milliseconds; null while it has any, or never had one. */
  #emptySince: number | null = null;
  #resumedFromHibernation = false;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  get symbol(): string {
    return this.instrument.symbol;
  }

  get isEmpty(): boolean {
    return this.#subscribers.size === 0;
  }

  get position(): QuotePosition | null {
    return this.#position;
  }

  get lease(): Lease | null {
    return this.#lease;
  }

  /** Whether the room holds a lease, or is being asked for one. */
  get isLeased(): boolean {
    return this.#lease !== null || this.#renewal !== null;
  }

  /** When the last event came, unix milliseconds; null if none has come since the object woke. */
  get lastEventAt(): number | null {
    return this.#lastEventAt;
  }

  add(subscriber: Subscriber): void {
    const key = subjectKey(subscriber.subscription);
    const bySocket = this.#subscribers.get(key);
    if (bySocket) bySocket.set(subscriber.connection, subscriber);
    else this.#subscribers.set(key, new Map([[subscriber.connection, subscriber]]));
  }

  /** Removes a subscriber, unless another one of its socket has replaced it. */
  remove(subscriber: Subscriber): void {
    const key = subjectKey(subscriber.subscription);
    const bySocket = this.#subscribers.get(key);
    if (bySocket?.get(subscriber.connection) !== subscriber) return;
    bySocket.delete(subscriber.connection);
    if (bySocket.size === 0) this.#subscribers.delete(key);
    if (this.isEmpty) this.#emptySince = Date.now();
  }

  /** Whether it has had no subscriber for a while. */
  isAbandoned(nowMs: number): boolean {
    return this.isEmpty && (this.#emptySince === null || !isWithin(ABANDONED_AFTER_MS, this.#emptySince, nowMs));
  }

  subscribersOf(key: string): Iterable<Subscriber> {
    return this.#subscribers.get(key)?.values() ?? [];
  }

  *allSubscribers(): Generator<Subscriber> {
    for (const bySocket of this.#subscribers.values()) yield* bySocket.values();
  }

  *connections(): Generator<Connection> {
    for (const bySocket of this.#subscribers.values()) yield* bySocket.keys();
  }

  /** Whether a socket is subscribed to anything of the symbol. */
  hasConnection(connection: Connection): boolean {
    for (const bySocket of this.#subscribers.values()) if (bySocket.has(connection)) return true;
    return false;
  }

  /** The sockets that are subscribed to anything of the symbol. */
  get connectionSet(): Set<Connection> {
    return new Set(this.connections());
  }

  /** What all subscribers together want of the symbol. */
  get interest(): Interest {
    const indicators: OwnedIndicator[] = [];
    const candles: Interval[] = [];
    let quotes = false;
    for (const bySocket of this.#subscribers.values()) {
      const [first] = bySocket.values();
      const { subscription } = first;
      if (subscription.channel === "quotes") quotes = true;
      else if (subscription.channel === "candles") candles.push(subscription.interval);
      else
        indicators.push({
          interval: subscription.interval,
          spec: subscription.indicator,
          owner: ownerOf(bySocket.keys()),
        });
    }
    return { quotes, candles, indicators };
  }

  /** The interest as a text that is equal if the interest is. */
  get interestKey(): string {
    return [...this.#subscribers.keys()].sort().join();
  }

  /** Whether the lease must be renewed: there is none, it is for another interest, or `isEnding` says so of its end (unix seconds). */
  isLeaseDue(isEnding: (until: number) => boolean): boolean {
    return this.#lease === null || this.#leasedInterest !== this.interestKey || isEnding(this.#lease.until);
  }

  /** The renewal of the lease that is under way; null if there is none. */
  get renewal(): Promise<Lease> | null {
    return this.#renewal;
  }

  /**
   * Renews the lease; callers that come while a renewal is under way share it.
   * @param request asks the room for a lease for an interest
   */
  renewLease(request: (interest: Interest) => Promise<Lease>): Promise<Lease> {
    this.#renewal ??= this.#requestLease(request).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #requestLease(request: (interest: Interest) => Promise<Lease>): Promise<Lease> {
    const { interestKey, interest } = this;
    const lease = await request(interest);
    this.#leasedInterest = interestKey;
    this.#lease = lease;
    if (this.#position === null) {
      this.#position = lease.position;
      this.savePosition();
    }
    return lease;
  }

  /** Runs work on the channel's events, one after the other: what arrives while a gap is being filled comes after it. */
  inOrder(work: () => Promise<void>): Promise<void> {
    const before = this.#working ?? Promise.resolve();
    const run = before.then(work, work);
    const settled = run.finally(() => {
      if (this.#working === settled) this.#working = null;
    });
    this.#working = settled;
    return settled;
  }

  /** Moves on to the last quote that was published; it is saved later, once it is written. */
  advance(position: QuotePosition): void {
    this.#position = position;
  }

  /** Moves on to a bar; false if it comes again, or was still open and has closed since. */
  advanceBars(order: number, isClosed: boolean): boolean {
    if (isClosed ? order <= this.#lastBarOrder : order < this.#lastBarOrder) return false;
    this.#lastBarOrder = Math.max(this.#lastBarOrder, order);
    return true;
  }

  /** Notes when an event came, unix milliseconds. */
  noteEvent(at: number): void {
    this.#lastEventAt = at;
  }

  /** Saves the position in an attachment, so that events are neither lost nor repeated after the object was away. */
  savePosition(): void {
    const position = this.#position;
    if (position === null) return;
    this.#positionHolder ??= this.connections().next().value ?? null;
    this.#positionHolder?.savePosition(this.symbol, [position.epoch, position.seq, this.#lastBarOrder]);
  }

  /** Takes up the position that a socket kept while the object was away. */
  restorePosition(holder: Connection, [epoch, seq, bars = 0]: StoredPosition): void {
    this.#positionHolder = holder;
    this.#position = { epoch, seq };
    this.#lastBarOrder = bars;
  }

  /** Moves the position to another socket's attachment, before a socket that may hold it leaves the symbol. */
  releasePosition(connection: Connection): void {
    if (this.#positionHolder !== connection) return;
    connection.savePosition(this.symbol, null);
    this.#positionHolder = null;
    this.savePosition();
  }

  /** Notes that conflated subscribers may lack what was pending when the object's memory went. */
  noteResumed(): void {
    this.#resumedFromHibernation = true;
  }

  /** Whether conflated subscribers may lack something since a hibernation; said once. */
  takeResumed(): boolean {
    const isResumed = this.#resumedFromHibernation;
    this.#resumedFromHibernation = false;
    return isResumed;
  }
}
