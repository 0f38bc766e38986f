import type { EndpointGroup } from "../../contracts/provider.ts";
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
import { Admission } from "./admission.ts";
import type { Scope } from "./cooldowns.ts";
import type { GateMemory } from "./gate-memory.ts";
import { type QuoteAnswer, QuoteQueue } from "./quote-queue.ts";
import { SharedRequests } from "./shared-requests.ts";
import { type CallRuntime, UpstreamCalls, type UpstreamQuery } from "./upstream-calls.ts";

/** Seconds that one try may take. */
const TIMEOUT_SECONDS: Record<EndpointGroup, number> = { quotes: 3, candles: 10, search: 5 };
/** A Worker has six connections at once. */
const MAX_IN_FLIGHT: Record<EndpointGroup, number> = { quotes: 3, candles: 2, search: 1 };
/** Where the second's budget sets the pace: the seconds of waiting calls beyond which newcomers are refused. */
const MAX_QUEUED_SECONDS = 5;
const MAX_WAITING_QUOTES = 2_000;
const MAX_WAITING_REQUESTS = 100;

/** Refusals that hold for whatever is asked next, the gravest first. */
const UPSTREAM_WIDE_REASONS: readonly FailureReason[] = ["bad_key", "blocked", "quota_spent", "throttled"];
/** Answers about one symbol: they say nothing against the upstream. */
const SYMBOL_REASONS: ReadonlySet<FailureReason> = new Set(["unknown_symbol", "unsupported", "bad_call", "demo_key"]);

/** What a batch's answers say of the upstream as a whole: it works if it sent one price, or said what is wrong with a symbol. */
export function batchFailure(answers: Iterable<ProviderQuote | Failure>): Failure | null {
  const all = [...answers];
  const failures = all.filter((answer): answer is Failure => isFailure(answer));
  for (const reason of UPSTREAM_WIDE_REASONS) {
    const found = failures.find((each) => each.reason === reason);
    if (found) return found;
  }
  if (failures.length < all.length) return null;
  if (failures.some(({ reason }) => SYMBOL_REASONS.has(reason))) return null;
  return failures[0] ?? null;
}

/** What stands before one upstream: the way in, and the rules that every call keeps. */
export class Gate {
  readonly #runtime: CallRuntime;
  readonly #admission: Admission;
  readonly #calls: UpstreamCalls;
  readonly #candleRequests: SharedRequests<Failure | ProviderCandles>;
  readonly #searches: SharedRequests<Failure | FoundListing[]>;
  readonly #profiles: SharedRequests<CompanyProfile | Failure>;
  readonly #queue: QuoteQueue;

  constructor(provider: Provider, memory: GateMemory, runtime: CallRuntime) {
    this.#runtime = runtime;
    const { batchSize, budget } = provider.capabilities;
    this.#admission = new Admission(memory, budget);
    this.#calls = new UpstreamCalls(provider, this.#admission, this.#runtime);
    const queueable =
      budget.perSecond === null ? Number.POSITIVE_INFINITY : Math.ceil(budget.perSecond * MAX_QUEUED_SECONDS);
    const maxRequests = Math.min(MAX_WAITING_REQUESTS, queueable);
    this.#candleRequests = new SharedRequests<ProviderCandles | Failure>(MAX_IN_FLIGHT.candles, maxRequests);
    this.#searches = new SharedRequests<FoundListing[] | Failure>(MAX_IN_FLIGHT.search, maxRequests);
    this.#profiles = new SharedRequests<CompanyProfile | Failure>(MAX_IN_FLIGHT.search, maxRequests);
    this.#queue = new QuoteQueue({
      batchSize,
      // Only the probe goes through a breaker that is not closed; the others wait for its outcome.
      maxInFlight: () => (memory.group("quotes").breaker.state === "closed" ? MAX_IN_FLIGHT.quotes : 1),
      maxWaiting: Math.min(MAX_WAITING_QUOTES, queueable * batchSize),
      refusal: (listing, priority) => this.#refusal(listing, priority),
      now: this.#runtime.now,
      ask: (listings, priority) =>
        this.#calls.run({
          group: "quotes",
          scopes: [...new Set(listings.map((it) => this.#scopeOf(it)))],
          subjects: listings.map(({ instrument }) => instrument.symbol),
          priority,
          timeout: TIMEOUT_SECONDS.quotes,
          ask: async (upstream, context) => upstream.quotes(listings, context),
          verdict: (answers) => batchFailure(answers.values()),
        }),
    });
  }

  quotes(listings: readonly Listing[], priority: Priority): Promise<Map<string, QuoteAnswer>> {
    return this.#queue.quotes(listings, priority);
  }

  candles(request: CandleRequest, priority: Priority): Promise<ProviderCandles | Failure> {
    const { listing, interval, from, to } = request;
    const { symbol, type } = listing.instrument;
    return this.#single(this.#candleRequests, `${symbol} ${interval} ${from} ${to}`, {
      group: "candles",
      scopes: [`candles ${type} ${interval}`],
      subjects: [symbol],
      priority,
      timeout: TIMEOUT_SECONDS.candles,
      ask: async (upstream, context) => upstream.candles(request, context),
    });
  }

  search(text: string, priority: Priority): Promise<FoundListing[] | Failure> {
    return this.#single(this.#searches, text, {
      group: "search",
      scopes: ["search names"],
      subjects: [text],
      priority,
      timeout: TIMEOUT_SECONDS.search,
      ask: async (upstream, context) => upstream.search?.(text, context) ?? failure("unsupported"),
    });
  }

  profile(listing: Listing, priority: Priority): Promise<CompanyProfile | Failure> {
    return this.#single(this.#profiles, listing.instrument.symbol, {
      group: "search",
      scopes: ["search profiles"],
      subjects: [listing.instrument.symbol],
      priority,
      timeout: TIMEOUT_SECONDS.search,
      ask: async (upstream, context) => upstream.profile?.(listing, context) ?? failure("unsupported"),
    });
  }

  /** Why a background question for quotes would be refused now; null where it would not. */
  refusal(listing: Listing): Failure | null {
    return this.#refusal(listing, "background");
  }

  reset(group: EndpointGroup): void {
    this.#admission.reset(group);
  }

  inFlight(): number {
    return this.#calls.inFlight().length;
  }

  waiting(): number {
    return this.#queue.waiting() + this.#candleRequests.waiting() + this.#searches.waiting() + this.#profiles.waiting();
  }

  async #single<Answer extends object>(
    requests: SharedRequests<Answer | Failure>,
    key: string,
    query: Omit<UpstreamQuery<Answer | Failure>, "verdict">,
  ): Promise<Answer | Failure> {
    const refused = this.#admission.refusal(query, this.#runtime.now());
    if (refused) return refused;
    return requests.share(key, query.priority, (priority) =>
      this.#calls.run({ ...query, priority, verdict: singleFailure }),
    );
  }

  #scopeOf({ instrument }: Listing): Scope {
    return `quotes ${instrument.type}`;
  }

  #refusal(listing: Listing, priority: Priority): Failure | null {
    return this.#admission.refusal(
      { group: "quotes", scopes: [this.#scopeOf(listing)], subjects: [listing.instrument.symbol], priority },
      this.#runtime.now(),
    );
  }
}

/** A single question's failure, unless it is about the symbol alone. */
function singleFailure(answer: object): Failure | null {
  return isFailure(answer) && !SYMBOL_REASONS.has(answer.reason) ? answer : null;
}
