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

/** What a batch's answers say of the upstream as a whole: it works if it sent one price, or what is wrong with a symbol. */
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

/** What stands before one upstream: the way in, and the rules that every call keeps. */
export class Gate {
  readonly #runtime: CallRuntime;
  readonly #handshake: Admission;
  readonly #calls: UpstreamCalls;
  readonly #candleRequests: SharedRequests<Failure | ProviderCandles>;
  readonly #searches: SharedRequests<Failure | FoundListing[]>;
  readonly #profiles: SharedRequests<CompanyProfile | Failure>;
  readonly #queue: QuoteQueue;

  constructor(provider: Provider, memory: GateMemory, runtime: CallRuntime) {
    this.#runtime = runtime;
    const { batchSize, budget } = provider.capabilities;
    this.#handshake = new Admission(memory, budget);
    this.#calls = new UpstreamCalls(provider, this.#handshake, this.#runtime);
    const queueable =
      budget.perSecond === null ? Number.POSITIVE_INFINITY : Math.ceil(budget.perSecond * QUEUED_SECONDS);
    const maxRequests = Math.min(MAX_WAITING_REQUESTS, queueable);
    this.#candleRequests = new SharedRequests<ProviderCandles | Failure>(LANES.candles, maxRequests);
    this.#searches = new SharedRequests<FoundListing[] | Failure>(LANES.search, maxRequests);
    this.#profiles = new SharedRequests<CompanyProfile | Failure>(LANES.search, maxRequests);
    this.#queue = new QuoteQueue({
      batchSize,
      // Only the probe goes through a breaker that is not closed; the others wait for its outcome.
      lanes: () => (memory.group("quotes").breaker.state === "closed" ? LANES.quotes : 1),
      maxWaiting: Math.min(MAX_WAITING_QUOTES, queueable * batchSize),
      refusal: (listing, priority) => this.#refusal(listing, priority),
      now: this.#runtime.now,
      ask: (listings, priority) =>
        this.#calls.run({
          group: "quotes",
          scopes: [...new Set(listings.map((it) => this.#scopeOf(it)))],
          priority,
          timeout: TIMEOUTS.quotes,
          ask: async (upstream, context) => upstream.quotes(listings, context),
          verdict: (answers) => verdictOf(answers.values()),
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
      priority,
      timeout: TIMEOUTS.candles,
      ask: async (upstream, context) => upstream.candles(request, context),
    });
  }

  search(text: string, priority: Priority): Promise<FoundListing[] | Failure> {
    return this.#single(this.#searches, text, {
      group: "search",
      scopes: ["search names"],
      priority,
      timeout: TIMEOUTS.search,
      ask: async (upstream, context) => upstream.search?.(text, context) ?? failure("unsupported"),
    });
  }

  profile(listing: Listing, priority: Priority): Promise<CompanyProfile | Failure> {
    return this.#single(this.#profiles, listing.instrument.symbol, {
      group: "search",
      scopes: ["search profiles"],
      priority,
      timeout: TIMEOUTS.search,
      ask: async (upstream, context) => upstream.profile?.(listing, context) ?? failure("unsupported"),
    });
  }

  /** Why a background question for quotes would be refused now; null where it would not. */
  refusal(listing: Listing): Failure | null {
    return this.#refusal(listing, "background");
  }

  reset(group: EndpointGroup): void {
    this.#handshake.reset(group);
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
    question: Omit<UpstreamQuery<Answer | Failure>, "verdict">,
  ): Promise<Answer | Failure> {
    const refused = this.#handshake.refusal(question, this.#runtime.now());
    if (refused) return refused;
    return requests.share(key, question.priority, (priority) =>
      this.#calls.run({ ...question, priority, verdict: failureAmong }),
    );
  }

  #scopeOf({ instrument }: Listing): Scope {
    return `quotes ${instrument.type}`;
  }

  #refusal(listing: Listing, priority: Priority): Failure | null {
    return this.#handshake.refusal(
      { group: "quotes", scopes: [this.#scopeOf(listing)], priority },
      this.#runtime.now(),
    );
  }
}

/** A single question's failure, unless it is about the symbol alone. */
function failureAmong(answer: object): Failure | null {
  return isFailure(answer) && !ABOUT_THE_SYMBOL.has(answer.reason) ? answer : null;
}
