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

const RETRIES = 2;
/** Reads may be repeated after these; after anything else the upstream would say the same again. */
const RETRYABLE: ReadonlySet<FailureReason> = new Set(["server_error", "unreachable", "timeout"]);
/** The first pause is drawn from 0 to this (seconds), each next one from twice as much: full jitter. */
const MIN_RETRY_PAUSE = 0.2;
/** A try that has less time than this (seconds) is not worth a token. */
const MIN_ATTEMPT = 0.5;

/** Time-outs are waited for in pieces of at most this (seconds). */
const PIECE = 0.25;

/** How a try ended, in one word for the counters. */
function outcomeOf(ending: CallOutcome): string {
  if (ending === null) return "ok";
  return ending === "nothing" ? ending : ending.reason;
}

type Try<Answer> = { ending: CallOutcome; outcome: Answer | Failure };

/** Asks questions under the rules of the gate. */
export class UpstreamCalls {
  readonly #provider: Provider;
  readonly #handshake: Admission;
  readonly #runtime: CallRuntime;
  readonly #running = new Set<{ at: number }>();
  readonly #queue: RateLimitQueue;

  constructor(provider: Provider, handshake: Admission, runtime: CallRuntime) {
    this.#provider = provider;
    this.#handshake = handshake;
    this.#runtime = runtime;
    this.#queue = new RateLimitQueue(handshake, runtime);
  }

  /** Returns the answer, or the failure where there is none. Never throws on the upstream's account. */
  async run<Answer>(question: UpstreamQuery<Answer>): Promise<Answer | Failure> {
    const call = { at: this.#runtime.now() };
    this.#running.add(call);
    try {
      return await this.#run(question);
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
  async #overrun(seconds: number, held: () => number, ended: AbortSignal): Promise<void> {
    for (let waited = 0; waited < seconds + held(); ) {
      const piece = Math.min(PIECE, seconds + held() - waited);
      await this.#runtime.wait(piece, ended);
      waited += piece;
    }
  }

  async #attempt<Answer>(question: UpstreamQuery<Answer>, seconds: number): Promise<Try<Answer>> {
    const controller = new AbortController();
    const { signal } = controller;
    const meter = meteredContext(this.#queue, question.priority, this.#runtime, signal);
    const overtime = new AbortController();
    const late = this.#overrun(seconds, meter.queuedSeconds, overtime.signal).then((): Try<Answer> => {
      const timeout = failure("timeout");
      return { ending: timeout, outcome: timeout };
    });
    const answered = question.ask(this.#provider, meter.context).then(
      (answer): Try<Answer> => {
        const verdict = question.verdict(answer);
        // What we ourselves refused, or what needed no request, says nothing about the upstream.
        const ours = verdict ? verdict.reason === meter.refused()?.reason : !meter.wasSent();
        return { ending: ours ? "nothing" : verdict, outcome: answer };
      },
      (error: unknown): Try<Answer> => {
        if (error instanceof CallRefused) return { ending: "nothing", outcome: error.failure };
        // The port forbids this, so it is a fault of the provider's own code. An error's text may hold the upstream's words.
        const name = error instanceof Error ? error.name : typeof error;
        if (!signal.aborted)
          logWarning("a provider threw", { provider: this.#provider.name, family: question.group, error: name });
        const fault = failure("bad_answer");
        return { ending: fault, outcome: fault };
      },
    );
    try {
      return await Promise.race([answered, late]);
    } finally {
      overtime.abort();
      controller.abort();
    }
  }

  async #run<Answer>(question: UpstreamQuery<Answer>): Promise<Answer | Failure> {
    const deadline = this.#runtime.now() + 2 * question.timeout;
    let last: Answer | Failure | null = null;
    for (let tries = 0; ; tries++) {
      const refusal = this.#handshake.enter(question, this.#runtime.now());
      if (refusal) return last ?? refusal;
      const seconds = Math.min(question.timeout, deadline - this.#runtime.now());
      const { group } = question;
      const labels = { provider: this.#provider.name, family: group };
      const begun = this.#runtime.now();
      const { ending, outcome } = await withSpan("provider", { ...labels, try: tries + 1 }, () =>
        this.#attempt(question, seconds),
      );
      observe("wizdata_provider_call_duration_seconds", labels, this.#runtime.now() - begun);
      count("wizdata_provider_calls_total", { ...labels, outcome: outcomeOf(ending) });
      this.#handshake.leave(question, ending, this.#runtime.now());
      last = outcome;
      const repeatable = ending !== null && ending !== "nothing" && RETRYABLE.has(ending.reason);
      if (!repeatable || tries === RETRIES) return last;
      const pause = this.#runtime.random() * MIN_RETRY_PAUSE * 2 ** tries;
      if (this.#runtime.now() + pause + MIN_ATTEMPT > deadline) return last;
      await this.#runtime.wait(pause);
    }
  }
}
