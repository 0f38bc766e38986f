import { DurableObject } from "cloudflare:workers";
import type { EndpointGroup } from "../../contracts/provider.ts";
import { PROVIDERS, type ProviderName } from "../../contracts/provider.ts";
import type { ProviderQuote } from "../../contracts/quote.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import type { Priority } from "../../core/scheduling/token-bucket.ts";
import { logWarning } from "../../observability/log.ts";
import { withSpan } from "../../observability/trace.ts";
import { providerOf } from "../../providers/catalogue.ts";
import {
  type CandleRequest,
  type CompanyProfile,
  type Failure,
  type FoundListing,
  failure,
  type Listing,
  type Provider,
  type ProviderCandles,
} from "../../providers/provider.ts";
import { setAlarmNoLaterThan } from "../rpc/alarm.ts";
import { reportWhenDue } from "../telemetry/report.ts";

import { Gate } from "./gate.ts";
import { type GateMemory, SqlGateMemory } from "./gate-memory.ts";
import { Polling, WATCH_LEASE_SECONDS } from "./polling.ts";
import type { QuoteAnswer } from "./quote-queue.ts";
import { prepareTables } from "./schema.ts";
import { type GateStatus, storedStatus } from "./status.ts";
import type { CallRuntime } from "./upstream-calls.ts";
import { WatchList } from "./watch-list.ts";

/** What a room learns when it begins or renews a watch. */
export type WatchReply =
  | {
      kind: "watching";
      /** Unix seconds; the lease ends then unless it is renewed. */
      until: number;
      /** Why the last poll of the symbol failed, so that the room may turn to its next source; null where it did not. */
      failing: Failure | null;
    }
  | Failure;

/** What a gate has while its provider is in use. */
interface RunningGate {
  provider: Provider;
  gate: Gate;
  polling: Polling;
}

const RUNTIME: CallRuntime = {
  fetch: (request) => fetch(request),
  now: () => Date.now() / 1000,
  random: Math.random,
  wait: (seconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      signal?.addEventListener("abort", () => clearTimeout(timer), { once: true });
    }),
};

/**
 * Stands before one upstream and is named by it: merges what all rooms ask, spends the budget, trips the breakers, polls for rooms
 * with live subscribers. What it has learnt about the upstream outlives its memory.
 */
export class ProviderGate extends DurableObject<Env> {
  /** Where the provider comes from; tests inject their own, so that it is not a `#` field. */
  private readonly findProvider: (name: ProviderName, env: Env) => Provider | { disabled: string } = providerOf;
  readonly #name: ProviderName;
  readonly #memory: GateMemory;
  readonly #watches: WatchList;
  #resolved: RunningGate | { disabled: string } | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const name = PROVIDERS.find((known) => known === ctx.id.name);
    if (!name) throw new Error("a gate is named by its provider");
    this.#name = name;
    prepareTables(ctx.storage);
    this.#memory = new SqlGateMemory(ctx.storage.sql);
    this.#watches = new WatchList(ctx.storage.sql);
  }

  /** Quotes by canonical symbol; each has a quote or a failure of its own. Any number may be asked for. */
  async quotes(listings: Listing[], priority: Priority, traceparent?: string): Promise<Map<string, QuoteAnswer>> {
    const active = this.#activeGate();
    if (active) return this.#traceCall("quotes", traceparent, () => active.gate.quotes(listings, priority));
    return new Map(listings.map(({ instrument }) => [instrument.symbol, failure("not_configured")]));
  }

  /** Candles of one series. Equal requests that overlap in time are made once. */
  async candles(request: CandleRequest, priority: Priority, traceparent?: string): Promise<ProviderCandles | Failure> {
    const active = this.#activeGate();
    if (active) return this.#traceCall("candles", traceparent, () => active.gate.candles(request, priority));
    return failure("not_configured");
  }

  /** What the upstream's own search finds; `unsupported` where it has none. */
  async search(text: string, priority: Priority): Promise<FoundListing[] | Failure> {
    return this.#activeGate()?.gate.search(text, priority) ?? failure("not_configured");
  }

  /** What the upstream knows of the company behind a symbol; `unsupported` where it knows none. */
  async profile(listing: Listing, priority: Priority): Promise<CompanyProfile | Failure> {
    return this.#activeGate()?.gate.profile(listing, priority) ?? failure("not_configured");
  }

  /** Begins to poll a symbol for its room, or goes on for another `WATCH_LEASE`. Quotes arrive by the room's `ingest`. */
  async watch(listing: Listing): Promise<WatchReply> {
    const active = this.#activeGate();
    if (!active) return failure("not_configured");
    const now = RUNTIME.now();
    const until = now + WATCH_LEASE_SECONDS;
    const { failing } = this.#watches.renew(listing, until);
    await this.#setAlarmNoLaterThan(active.polling.nextAt(now));
    return { kind: "watching", until, failing };
  }

  /** Ends a watch. */
  async unwatch(symbol: string): Promise<void> {
    this.#watches.end(symbol);
    if (this.#watches.running(RUNTIME.now()).length === 0) await this.ctx.storage.deleteAlarm();
  }

  /** Sets the alarm of polling again, should it be missing while something is watched. */
  async checkAlarm(): Promise<void> {
    const active = this.#activeGate();
    if (active) await this.#setAlarmNoLaterThan(active.polling.nextAt(RUNTIME.now()));
  }

  override async alarm(): Promise<void> {
    const active = this.#activeGate();
    if (!active) return;
    await active.polling.poll(RUNTIME.now());
    reportWhenDue(this.env, this.ctx);
    await this.#setAlarmNoLaterThan(active.polling.nextAt(RUNTIME.now()));
  }

  /** How the provider fares, for those who run the platform. */
  status(): GateStatus {
    const now = RUNTIME.now();
    const resolved = this.#resolveProvider();
    const active = "gate" in resolved ? resolved : null;
    const noLimits = { perSecond: null, perMinute: null, perDay: null };
    return {
      provider: this.#name,
      disabled: "disabled" in resolved ? resolved.disabled : null,
      ...storedStatus(this.#memory, active?.provider.capabilities.budget ?? noLimits, now),
      inFlight: active?.gate.inFlight() ?? 0,
      waiting: active?.gate.waiting() ?? 0,
      watched: this.#watches.running(now).length,
    };
  }

  /** Closes a family's breaker and forgets what blocks it; the next call shows whether that was right. */
  resetBreaker(group: EndpointGroup): GateStatus {
    this.#activeGate()?.gate.reset(group);
    return this.status();
  }

  /** A call through the gate, as a span of its own; what was counted meanwhile is reported now and then. */
  async #traceCall<T>(group: EndpointGroup, traceparent: string | undefined, call: () => Promise<T>): Promise<T> {
    try {
      return await withSpan("gate", { provider: this.#name, family: group }, call, traceparent);
    } finally {
      reportWhenDue(this.env, this.ctx);
    }
  }

  #activeGate(): RunningGate | null {
    const resolved = this.#resolveProvider();
    return "gate" in resolved ? resolved : null;
  }

  #resolveProvider(): RunningGate | { disabled: string } {
    if (this.#resolved) return this.#resolved;
    const provider = this.findProvider(this.#name, this.env);
    if ("disabled" in provider) {
      this.#resolved = provider;
      return provider;
    }
    const gate = new Gate(provider, this.#memory, RUNTIME);
    const publish = (instrument: Instrument, quote: ProviderQuote) => this.#publish(instrument, quote);
    const polling = new Polling(provider, this.#memory, this.#watches, gate, publish);
    this.#resolved = { provider, gate, polling };
    return this.#resolved;
  }

  /** A room that cannot take a quote now gets the next one; the others' polls must not suffer. */
  async #publish(instrument: Instrument, quote: ProviderQuote): Promise<void> {
    try {
      await this.env.SYMBOL_ROOM.getByName(instrument.symbol).ingest(instrument, [quote]);
    } catch (error) {
      logWarning("a room did not take its quote", {
        provider: this.#name,
        symbol: instrument.symbol,
        error: error instanceof Error ? error.message : typeof error,
      });
    }
  }

  async #setAlarmNoLaterThan(time: number | null): Promise<void> {
    if (time === null) return;
    await setAlarmNoLaterThan(this.ctx.storage, time);
  }
}
