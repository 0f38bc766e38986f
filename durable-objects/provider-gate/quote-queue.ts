import type { ProviderQuote } from "../../contracts/quote.ts";
import { afterArrival, NEW_WINDOW, type PendingSymbol, planDispatch } from "../../core/scheduling/batching.ts";
import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { isWithin } from "../../core/time.ts";
import { type Failure, failure, isFailure, type Listing } from "../../providers/provider.ts";

/** What a symbol's caller gets. */
export type QuoteAnswer = ProviderQuote | Failure;

/** What the queue needs to know of its gate. */
export interface QueueRules {
  batchSize: number;
  /** Calls that may be in flight at once. */
  maxInFlight: () => number;
  /** Symbols beyond this many are refused at once; background work does not count where a user asks. */
  maxWaiting: number;
  /** Why a symbol would be refused now; null where it would not. */
  refusal: (listing: Listing, priority: Priority) => Failure | null;
  /** Asks for one batch; a failure is everyone's. */
  ask: (listings: readonly Listing[], priority: Priority) => Promise<ReadonlyMap<string, QuoteAnswer> | Failure>;
  /** Unix seconds. */
  now: () => number;
}

/** A caller waits for this symbol. */
interface PendingQuote {
  pending: PendingSymbol;
  listing: Listing;
  answer: Promise<QuoteAnswer>;
  resolve: (answer: QuoteAnswer) => void;
  reject: (fault: unknown) => void;
}

/** Who asks this soon (seconds) after an answer came is given the same. */
const ANSWER_TTL_SECONDS = 1;

/** Merges requests for quotes into the fewest calls. */
export class QuoteQueue {
  readonly #rules: QueueRules;
  readonly #waiting = new Map<string, PendingQuote>();
  readonly #dispatched = new Map<string, PendingQuote>();
  readonly #inFlight = new Map<object, number>();
  readonly #recentAnswers = new Map<string, { quote: ProviderQuote; at: number }>();
  #window = NEW_WINDOW;
  #timer: number | null = null;

  constructor(rules: QueueRules) {
    this.#rules = rules;
  }

  async quotes(listings: readonly Listing[], priority: Priority): Promise<Map<string, QuoteAnswer>> {
    const answers = listings.map((listing) => this.#join(listing, priority));
    this.#dispatch();
    const results = await Promise.all(answers);
    return new Map(listings.map((listing, i) => [listing.instrument.symbol, results[i]]));
  }

  /** Symbols that wait for a call to leave. */
  waiting(): number {
    return this.#waiting.size;
  }

  #join(listing: Listing, priority: Priority): Promise<QuoteAnswer> | QuoteAnswer {
    const { symbol } = listing.instrument;
    const now = this.#rules.now();
    const recent = this.#recentAnswers.get(symbol);
    if (recent && isWithin(ANSWER_TTL_SECONDS, recent.at, now)) return recent.quote;
    const existing = this.#dispatched.get(symbol) ?? this.#waiting.get(symbol);
    if (existing) {
      if (priority === "user") existing.pending.priority = "user";
      return existing.answer;
    }
    const refused = this.#rules.refusal(listing, priority);
    if (refused) return refused;
    if (this.#queuedAhead(priority) >= this.#rules.maxWaiting) return failure("throttled", 1);
    const { promise, resolve, reject } = Promise.withResolvers<QuoteAnswer>();
    this.#window = afterArrival(this.#window, this.#waiting.size > 0, now);
    const pending: PendingSymbol = { symbol, priority, since: now };
    this.#waiting.set(symbol, { pending, listing, answer: promise, resolve: resolve, reject: reject });
    return promise;
  }

  #queuedAhead(priority: Priority): number {
    if (priority === "background" || this.#waiting.size < this.#rules.maxWaiting) return this.#waiting.size;
    return [...this.#waiting.values()].filter(({ pending }) => pending.priority === "user").length;
  }

  #dispatch(): void {
    clearTimeout(this.#timer);
    const now = this.#rules.now();
    const pendingSymbols = Array.from(this.#waiting.values(), (request) => request.pending);
    const load = {
      batchSize: this.#rules.batchSize,
      lanes: this.#rules.maxInFlight(),
      inFlight: [...this.#inFlight.values()],
    };
    const { batches, checkAt } = planDispatch(pendingSymbols, this.#window, load, now);
    for (const symbols of batches) {
      const batch = symbols.flatMap((symbol) => this.#waiting.get(symbol) ?? []);
      for (const { pending } of batch) this.#waiting.delete(pending.symbol);
      this.#window = { ...this.#window, dispatchedAt: now };
      void this.#dispatchBatch(batch, now);
    }
    if (checkAt !== null)
      this.#timer = setTimeout(() => this.#dispatch(), Math.max(0, Math.ceil((checkAt - now) * 1000)));
  }

  async #dispatchBatch(batch: readonly PendingQuote[], now: number): Promise<void> {
    const call = {};
    this.#inFlight.set(call, now);
    for (const request of batch) this.#dispatched.set(request.pending.symbol, request);
    const priority = batch.some(({ pending }) => pending.priority === "user") ? "user" : "background";
    const listings = batch.map((request) => request.listing);
    try {
      const answers = await this.#rules.ask(listings, priority);
      for (const request of batch)
        this.#resolve(request, isFailure(answers) ? answers : answers.get(request.pending.symbol));
    } catch (fault) {
      // A fault of our own: it belongs to those who wait.
      for (const request of batch) request.reject(fault);
    } finally {
      this.#inFlight.delete(call);
      for (const { pending } of batch) this.#dispatched.delete(pending.symbol);
    }
    this.#dispatch();
  }

  #resolve(request: PendingQuote, answer: QuoteAnswer = failure("bad_answer")): void {
    const { symbol } = request.pending;
    const at = this.#rules.now();
    this.#dropExpired(at);
    this.#recentAnswers.delete(symbol);
    if (!isFailure(answer)) this.#recentAnswers.set(symbol, { quote: answer, at });
    request.resolve(answer);
  }

  #dropExpired(now: number): void {
    for (const [symbol, { at }] of this.#recentAnswers) {
      if (isWithin(ANSWER_TTL_SECONDS, at, now)) return;
      this.#recentAnswers.delete(symbol);
    }
  }
}
