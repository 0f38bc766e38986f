import { logWarning } from "../../observability/log.ts";
import { count, observe } from "../../observability/metrics/collector.ts";
import { withSpan } from "../../observability/trace.ts";
import {
  type CallContext,
  CallRefused,
  type Failure,
  type FailureReason,
  failure,
  type Provider,
} from "../../providers/provider.ts";
import type { Admission, CallOutcome, CallSpec } from "./admission.ts";
import { meteredContext } from "./metered-context.ts";
import { RateLimitQueue } from "./rate-limit-queue.ts";

/** The world as calls need it; tests bring their own. */
export interface CallRuntime {
  fetch: (request: Request) => Promise<Response>;
  /** Unix seconds. */
  now: () => number;
  /** Resolves after that many seconds. */
  wait: (seconds: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to below 1. */
  random: () => number;
}

/** One question to the upstream, and how to judge its answer. */
export interface UpstreamQuery<Answer> extends CallSpec {
  /** Seconds for one try. All tries together get twice that. */
  timeout: number;
  ask: (provider: Provider, context: CallContext) => Promise<Answer>;
  /** What an answer says of the upstream as a whole: null where it works. */
  verdict: (answer: Answer) => Failure | null;
}

const MAX_RETRIES = 2;
/** Reads may be repeated after these; after anything else the upstream would say the same again. */
const RETRYABLE: ReadonlySet<FailureReason> = new Set(["server_error", "unreachable", "timeout"]);
/** The first pause is drawn from 0 to this (seconds), each next one from twice as much: full jitter. */
const BASE_BACKOFF_SECONDS = 0.2;
/** A try that has less time than this (seconds) is not worth a token. */
const MIN_ATTEMPT_SECONDS = 0.5;

/** Time-outs are waited for in pieces of at most this (seconds). */
const TIMER_SLICE_SECONDS = 0.25;

/** How a try ended, in one word for the counters. */
function outcomeLabel(outcome: CallOutcome): string {
  if (outcome === null) return "ok";
  return outcome === "nothing" ? outcome : outcome.reason;
}

type Attempt<Answer> = { callOutcome: CallOutcome; result: Answer | Failure };

/** Calls the upstream under the rules of the gate. */
export class UpstreamCalls {
  readonly #provider: Provider;
  readonly #admission: Admission;
  readonly #runtime: CallRuntime;
  readonly #running = new Set<{ at: number }>();
  readonly #queue: RateLimitQueue;

  constructor(provider: Provider, admission: Admission, runtime: CallRuntime) {
    this.#provider = provider;
    this.#admission = admission;
    this.#runtime = runtime;
    this.#queue = new RateLimitQueue(admission, runtime);
  }

  /** Returns the answer, or the failure where there is none. Never throws on the upstream's account. */
  async run<Answer>(query: UpstreamQuery<Answer>): Promise<Answer | Failure> {
    const call = { at: this.#runtime.now() };
    this.#running.add(call);
    try {
      return await this.#runWithRetries(query);
    } finally {
      this.#running.delete(call);
    }
  }

  /** When each question that is being asked went out, unix seconds. */
  inFlight(): readonly number[] {
    return Array.from(this.#running, (call) => call.at);
  }

  /**
   * Resolves when a try has taken its time. Standing in line to pay does not count, nor does time in which this object was
   * too busy to see an answer that had come: the time is waited out in short pieces, and a late one counts as no longer.
   */
  async #timeUp(seconds: number, queuedSeconds: () => number, done: AbortSignal): Promise<void> {
    for (let waited = 0; waited < seconds + queuedSeconds(); ) {
      const slice = Math.min(TIMER_SLICE_SECONDS, seconds + queuedSeconds() - waited);
      await this.#runtime.wait(slice, done);
      waited += slice;
    }
  }

  async #attempt<Answer>(query: UpstreamQuery<Answer>, seconds: number): Promise<Attempt<Answer>> {
    const controller = new AbortController();
    const { signal } = controller;
    const meter = meteredContext(this.#queue, query.priority, this.#runtime, signal);
    const timer = new AbortController();
    const timedOut = this.#timeUp(seconds, meter.queuedSeconds, timer.signal).then((): Attempt<Answer> => {
      const timeout = failure("timeout");
      return { callOutcome: timeout, result: timeout };
    });
    const answered = query.ask(this.#provider, meter.context).then(
      (answer): Attempt<Answer> => {
        const upstreamFailure = query.verdict(answer);
        // What we ourselves refused, or what needed no request, says nothing about the upstream.
        const isOurOwn = upstreamFailure ? upstreamFailure.reason === meter.refused()?.reason : !meter.wasSent();
        return { callOutcome: isOurOwn ? "nothing" : upstreamFailure, result: answer };
      },
      (error: unknown): Attempt<Answer> => {
        if (error instanceof CallRefused) return { callOutcome: "nothing", result: error.failure };
        // The port forbids this, so it is a fault of the provider's own code. An error's text may hold the upstream's words.
        const name = error instanceof Error ? error.name : typeof error;
        if (!signal.aborted)
          logWarning("a provider threw", { provider: this.#provider.name, family: query.group, error: name });
        const fault = failure("bad_answer");
        return { callOutcome: fault, result: fault };
      },
    );
    try {
      return await Promise.race([answered, timedOut]);
    } finally {
      timer.abort();
      controller.abort();
    }
  }

  async #runWithRetries<Answer>(query: UpstreamQuery<Answer>): Promise<Answer | Failure> {
    const deadline = this.#runtime.now() + 2 * query.timeout;
    let last: Answer | Failure | null = null;
    for (let retries = 0; ; retries++) {
      const refusal = this.#admission.admit(query, this.#runtime.now());
      if (refusal) return last ?? refusal;
      const seconds = Math.min(query.timeout, deadline - this.#runtime.now());
      const { group } = query;
      const labels = { provider: this.#provider.name, family: group };
      const startedAt = this.#runtime.now();
      const { callOutcome, result } = await withSpan("provider", { ...labels, try: retries + 1 }, () =>
        this.#attempt(query, seconds),
      );
      observe("wizdata_provider_call_duration_seconds", labels, this.#runtime.now() - startedAt);
      count("wizdata_provider_calls_total", { ...labels, outcome: outcomeLabel(callOutcome) });
      this.#admission.recordOutcome(query, callOutcome, this.#runtime.now());
      last = result;
      const isRetryable = callOutcome !== null && callOutcome !== "nothing" && RETRYABLE.has(callOutcome.reason);
      if (!isRetryable || retries === MAX_RETRIES) return last;
      const backoff = this.#runtime.random() * BASE_BACKOFF_SECONDS * 2 ** retries;
      if (this.#runtime.now() + backoff + MIN_ATTEMPT_SECONDS > deadline) return last;
      await this.#runtime.wait(backoff);
    }
  }
}
