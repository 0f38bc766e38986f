import type { ProviderQuote } from "../../contracts/quote.ts";
import { afterArrival, departures, NEW_WINDOW, type PendingSymbol } from "../../core/scheduling/batching.ts";
import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { isWithin } from "../../core/time.ts";
import { type Failure, failure, isFailure, type Listing } from "../../providers/provider.ts";

/** What a symbol's caller gets. */
export type QuoteAnswer = ProviderQuote | Failure;

/** What the queue needs to know of its gate. */
export interface QueueRules {
  batchSize: number;
  /** Calls that may be in flight at once. */
  lanes: () => number;
  /** Symbols beyond this many are refused at once; background work does not count where a user asks. */
  maxWaiting: number;
  /** Why a symbol would be refused now; null where it would not. */
  refusal: (listing: Listing, priority: Priority) => Failure | null;
  /** Asks for one batch; a failure is everyone's. */
  ask: (listings: readonly Listing[], priority: Priority) => Promise<ReadonlyMap<string, QuoteAnswer> | Failure>;
  /** Unix seconds. */
  now: () => number;
}

/** Merges requests for quotes into the fewest calls. */
export interface QuoteQueue {
  quotes(listings: readonly Listing[], priority: Priority): Promise<Map<string, QuoteAnswer>>;
  /** Symbols that wait for a call to leave. */
  waiting(): number;
}

/** Someone waits for this symbol. */
interface PendingQuote {
  pending: PendingSymbol;
  listing: Listing;
  answer: Promise<QuoteAnswer>;
  resolve: (answer: QuoteAnswer) => void;
  reject: (fault: unknown) => void;
}

/** Who asks this soon (seconds) after an answer came is given the same. */
const ANSWER_KEPT = 1;

/** Opens a provider's queue. Its only timer is the one that closes the window, while somebody waits. */
export function openQuoteQueue(rules: QueueRules): QuoteQueue {
  const waiting = new Map<string, PendingQuote>();
  const dispatched = new Map<string, PendingQuote>();
  const inFlight = new Map<object, number>();
  const recentAnswers = new Map<string, { quote: ProviderQuote; at: number }>();
  let window = NEW_WINDOW;
  let timer: number | null = null;

  function join(listing: Listing, priority: Priority): Promise<QuoteAnswer> | QuoteAnswer {
    const { symbol } = listing.instrument;
    const now = rules.now();
    const recent = recentAnswers.get(symbol);
    if (recent && isWithin(ANSWER_KEPT, recent.at, now)) return recent.quote;
    const underway = dispatched.get(symbol) ?? waiting.get(symbol);
    if (underway) {
      if (priority === "user") underway.pending.priority = "user";
      return underway.answer;
    }
    const refused = rules.refusal(listing, priority);
    if (refused) return refused;
    if (ahead(priority) >= rules.maxWaiting) return failure("throttled", 1);
    const { promise, resolve, reject } = Promise.withResolvers<QuoteAnswer>();
    window = afterArrival(window, waiting.size > 0, now);
    const pending: PendingSymbol = { symbol, priority, since: now };
    waiting.set(symbol, { pending, listing, answer: promise, resolve: resolve, reject: reject });
    return promise;
  }

  function ahead(priority: Priority): number {
    if (priority === "background" || waiting.size < rules.maxWaiting) return waiting.size;
    return [...waiting.values()].filter(({ pending }) => pending.priority === "user").length;
  }

  function dispatch(): void {
    clearTimeout(timer);
    const now = rules.now();
    const seats = Array.from(waiting.values(), (request) => request.pending);
    const traffic = { batchSize: rules.batchSize, lanes: rules.lanes(), inFlight: [...inFlight.values()] };
    const { batches, checkAt } = departures(seats, window, traffic, now);
    for (const symbols of batches) {
      const batch = symbols.flatMap((symbol) => waiting.get(symbol) ?? []);
      for (const { pending } of batch) waiting.delete(pending.symbol);
      window = { ...window, departedAt: now };
      void dispatchBatch(batch, now);
    }
    if (checkAt !== null) timer = setTimeout(dispatch, Math.max(0, Math.ceil((checkAt - now) * 1000)));
  }

  async function dispatchBatch(batch: readonly PendingQuote[], now: number): Promise<void> {
    const call = {};
    inFlight.set(call, now);
    for (const request of batch) dispatched.set(request.pending.symbol, request);
    const priority = batch.some(({ pending }) => pending.priority === "user") ? "user" : "background";
    const listings = batch.map((request) => request.listing);
    try {
      const answers = await rules.ask(listings, priority);
      for (const request of batch) resolve(request, isFailure(answers) ? answers : answers.get(request.pending.symbol));
    } catch (fault) {
      // A fault of our own: it belongs to those who wait.
      for (const request of batch) request.reject(fault);
    } finally {
      inFlight.delete(call);
      for (const { pending } of batch) dispatched.delete(pending.symbol);
    }
    dispatch();
  }

  function resolve(request: PendingQuote, answer: QuoteAnswer = failure("bad_answer")): void {
    const { symbol } = request.pending;
    const at = rules.now();
    dropExpired(at);
    recentAnswers.delete(symbol);
    if (!isFailure(answer)) recentAnswers.set(symbol, { quote: answer, at });
    request.resolve(answer);
  }

  function dropExpired(now: number): void {
    for (const [symbol, { at }] of recentAnswers) {
      if (isWithin(ANSWER_KEPT, at, now)) return;
      recentAnswers.delete(symbol);
    }
  }

  return {
    async quotes(listings, priority) {
      const answers = listings.map((listing) => join(listing, priority));
      dispatch();
      const told = await Promise.all(answers);
      return new Map(listings.map((listing, i) => [listing.instrument.symbol, told[i]]));
    },
    waiting: () => waiting.size,
  };
}
