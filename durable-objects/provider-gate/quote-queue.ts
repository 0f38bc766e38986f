import type { ProviderQuote } from "../../contracts/quote.ts";
import { afterArrival, departures, NEW_WINDOW, type Seat } from "../../core/scheduling/batching.ts";
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
  mostWaiting: number;
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
interface Request {
  seat: Seat;
  listing: Listing;
  answer: Promise<QuoteAnswer>;
  tell: (answer: QuoteAnswer) => void;
  fail: (fault: unknown) => void;
}

/** Who asks this soon (seconds) after an answer came is given the same. */
const ANSWER_KEPT = 1;

/** Opens a provider's queue. Its only timer is the one that closes the window, while somebody waits. */
export function openQuoteQueue(rules: QueueRules): QuoteQueue {
  const waiting = new Map<string, Request>();
  const travelling = new Map<string, Request>();
  const inFlight = new Map<object, number>();
  const kept = new Map<string, { quote: ProviderQuote; at: number }>();
  let window = NEW_WINDOW;
  let timer: number | null = null;

  function join(listing: Listing, priority: Priority): Promise<QuoteAnswer> | QuoteAnswer {
    const { symbol } = listing.instrument;
    const now = rules.now();
    const recent = kept.get(symbol);
    if (recent && isWithin(ANSWER_KEPT, recent.at, now)) return recent.quote;
    const underway = travelling.get(symbol) ?? waiting.get(symbol);
    if (underway) {
      if (priority === "user") underway.seat.priority = "user";
      return underway.answer;
    }
    const refused = rules.refusal(listing, priority);
    if (refused) return refused;
    if (ahead(priority) >= rules.mostWaiting) return failure("throttled", 1);
    const { promise, resolve, reject } = Promise.withResolvers<QuoteAnswer>();
    window = afterArrival(window, waiting.size > 0, now);
    const seat: Seat = { symbol, priority, since: now };
    waiting.set(symbol, { seat, listing, answer: promise, tell: resolve, fail: reject });
    return promise;
  }

  function ahead(priority: Priority): number {
    if (priority === "background" || waiting.size < rules.mostWaiting) return waiting.size;
    return [...waiting.values()].filter(({ seat }) => seat.priority === "user").length;
  }

  function dispatch(): void {
    clearTimeout(timer);
    const now = rules.now();
    const seats = Array.from(waiting.values(), (request) => request.seat);
    const traffic = { batchSize: rules.batchSize, lanes: rules.lanes(), inFlight: [...inFlight.values()] };
    const { batches, checkAt } = departures(seats, window, traffic, now);
    for (const symbols of batches) {
      const batch = symbols.flatMap((symbol) => waiting.get(symbol) ?? []);
      for (const { seat } of batch) waiting.delete(seat.symbol);
      window = { ...window, departedAt: now };
      void travel(batch, now);
    }
    if (checkAt !== null) timer = setTimeout(dispatch, Math.max(0, Math.ceil((checkAt - now) * 1000)));
  }

  async function travel(batch: readonly Request[], now: number): Promise<void> {
    const call = {};
    inFlight.set(call, now);
    for (const request of batch) travelling.set(request.seat.symbol, request);
    const priority = batch.some(({ seat }) => seat.priority === "user") ? "user" : "background";
    const listings = batch.map((request) => request.listing);
    try {
      const answers = await rules.ask(listings, priority);
      for (const request of batch) tell(request, isFailure(answers) ? answers : answers.get(request.seat.symbol));
    } catch (fault) {
      // A fault of our own: it belongs to those who wait.
      for (const request of batch) request.fail(fault);
    } finally {
      inFlight.delete(call);
      for (const { seat } of batch) travelling.delete(seat.symbol);
    }
    dispatch();
  }

  function tell(request: Request, answer: QuoteAnswer = failure("bad_answer")): void {
    const { symbol } = request.seat;
    const at = rules.now();
    forgetOld(at);
    kept.delete(symbol);
    if (!isFailure(answer)) kept.set(symbol, { quote: answer, at });
    request.tell(answer);
  }

  function forgetOld(now: number): void {
    for (const [symbol, { at }] of kept) {
      if (isWithin(ANSWER_KEPT, at, now)) return;
      kept.delete(symbol);
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
