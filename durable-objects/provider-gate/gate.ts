import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Priority } from "../../core/scheduling/token-bucket.ts";
import {
  type CandleRequest,
  type CompanyProfile,
  type Failure,
  type FailureReason,
  type FoundListing,
  failure,
  isFailure,
  type Listing,
  type Provider,
  type ProviderCandles,
} from "../../providers/provider.ts";
import { openAdmission } from "./admission.ts";
import type { EndpointGroup, Scope } from "./cooldowns.ts";
import type { GateMemory } from "./gate-memory.ts";
import { openQuoteQueue, type QuoteAnswer } from "./quote-queue.ts";
import { openSharedRequests, type SharedRequests } from "./shared-requests.ts";
import { type CallRuntime, openUpstreamCalls, type UpstreamQuery } from "./upstream-calls.ts";

/** What stands before one upstream: the way in, and the rules that every call keeps. */
export interface Gate {
  quotes(listings: readonly Listing[], priority: Priority): Promise<Map<string, QuoteAnswer>>;
  candles(request: CandleRequest, priority: Priority): Promise<ProviderCandles | Failure>;
  search(text: string, priority: Priority): Promise<FoundListing[] | Failure>;
  profile(listing: Listing, priority: Priority): Promise<CompanyProfile | Failure>;
  /** Why a background question for quotes would be refused now; null where it would not. */
  refusal(listing: Listing): Failure | null;
  reset(group: EndpointGroup): void;
  inFlight(): number;
  waiting(): number;
}

/** Seconds that one try may take. */
const TIMEOUTS: Record<EndpointGroup, number> = { quotes: 3, candles: 10, search: 5 };
/** A Worker has six connections at once. */
const LANES: Record<EndpointGroup, number> = { quotes: 3, candles: 2, search: 1 };
/** Where the second's budget sets the pace: the seconds of waiting calls beyond which newcomers are refused. */
const QUEUED_SECONDS = 5;
const MAX_WAITING_QUOTES = 2_000;
const MAX_WAITING_REQUESTS = 100;

/** Refusals that hold for whatever is asked next, the gravest first. */
const OVERALL: readonly FailureReason[] = ["bad_key", "blocked", "quota_spent", "throttled"];
/** Answers about one symbol: they say nothing against the upstream. */
const ABOUT_THE_SYMBOL: ReadonlySet<FailureReason> = new Set(["unknown_symbol", "unsupported", "bad_call", "demo_key"]);

/** What a batch's answers say of the upstream as a whole: it works if it told one price, or what is wrong with a symbol. */
export function verdictOf(answers: Iterable<ProviderQuote | Failure>): Failure | null {
  const all = [...answers];
  const failures = all.filter((answer): answer is Failure => isFailure(answer));
  for (const reason of OVERALL) {
    const found = failures.find((each) => each.reason === reason);
    if (found) return found;
  }
  if (failures.length < all.length) return null;
  if (failures.some(({ reason }) => ABOUT_THE_SYMBOL.has(reason))) return null;
  return failures[0] ?? null;
}

/** Opens the gate before a provider. */
export function openGate(provider: Provider, memory: GateMemory, runtime: CallRuntime): Gate {
  const { batchSize, budget } = provider.capabilities;
  const admission = openAdmission(memory, budget);
  const calls = openUpstreamCalls(provider, admission, runtime);
  const queueable = budget.perSecond === null ? Number.POSITIVE_INFINITY : Math.ceil(budget.perSecond * QUEUED_SECONDS);
  const mostRequests = Math.min(MAX_WAITING_REQUESTS, queueable);
  const candleRequests = openSharedRequests<ProviderCandles | Failure>(LANES.candles, mostRequests);
  const searches = openSharedRequests<FoundListing[] | Failure>(LANES.search, mostRequests);
  const profiles = openSharedRequests<CompanyProfile | Failure>(LANES.search, mostRequests);

  async function single<Answer extends object>(
    requests: SharedRequests<Answer | Failure>,
    key: string,
    question: Omit<UpstreamQuery<Answer | Failure>, "verdict">,
  ): Promise<Answer | Failure> {
    const refused = admission.refusal(question, runtime.now());
    if (refused) return refused;
    return requests.share(key, question.priority, (priority) =>
      calls.run({ ...question, priority, verdict: failureAmong }),
    );
  }

  const scopeOf = ({ instrument }: Listing): Scope => `quotes ${instrument.type}`;
  const refusal = (listing: Listing, priority: Priority): Failure | null =>
    admission.refusal({ group: "quotes", scopes: [scopeOf(listing)], priority }, runtime.now());

  const queue = openQuoteQueue({
    batchSize,
    // Only the probe goes through a breaker that is not closed; the others wait for its outcome.
    lanes: () => (memory.group("quotes").breaker.state === "closed" ? LANES.quotes : 1),
    maxWaiting: Math.min(MAX_WAITING_QUOTES, queueable * batchSize),
    refusal,
    now: runtime.now,
    ask: (listings, priority) =>
      calls.run({
        group: "quotes",
        scopes: [...new Set(listings.map(scopeOf))],
        priority,
        timeout: TIMEOUTS.quotes,
        ask: async (upstream, context) => upstream.quotes(listings, context),
        verdict: (answers) => verdictOf(answers.values()),
      }),
  });

  return {
    quotes: queue.quotes,
    candles: (request, priority) => {
      const { listing, interval, from, to } = request;
      const { symbol, type } = listing.instrument;
      return single(candleRequests, `${symbol} ${interval} ${from} ${to}`, {
        group: "candles",
        scopes: [`candles ${type} ${interval}`],
        priority,
        timeout: TIMEOUTS.candles,
        ask: async (upstream, context) => upstream.candles(request, context),
      });
    },
    search: (text, priority) =>
      single(searches, text, {
        group: "search",
        scopes: ["search names"],
        priority,
        timeout: TIMEOUTS.search,
        ask: async (upstream, context) => upstream.search?.(text, context) ?? failure("unsupported"),
      }),
    profile: (listing, priority) =>
      single(profiles, listing.instrument.symbol, {
        group: "search",
        scopes: ["search profiles"],
        priority,
        timeout: TIMEOUTS.search,
        ask: async (upstream, context) => upstream.profile?.(listing, context) ?? failure("unsupported"),
      }),
    refusal: (listing) => refusal(listing, "background"),
    reset: admission.reset,
    inFlight: () => calls.inFlight().length,
    waiting: () => queue.waiting() + candleRequests.waiting() + searches.waiting() + profiles.waiting(),
  };
}

/** A single question's failure, unless it is about the symbol alone. */
function failureAmong(answer: object): Failure | null {
  return isFailure(answer) && !ABOUT_THE_SYMBOL.has(answer.reason) ? answer : null;
}
