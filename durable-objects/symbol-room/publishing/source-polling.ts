import { isUpstream } from "../../../providers/catalogue.ts";
import { isFailure } from "../../../providers/provider.ts";
import type { InstrumentContext } from "../instrument-context.ts";
import { listingOf, type Upstreams } from "../upstreams.ts";

/** Seconds between two renewals: a gate's lease ends after `WATCH_LEASE`, which is two of these and some. */
export const POLLING_RENEWAL_SECONDS = 20;

const listingsOf = ({ instrument, sources }: InstrumentContext) =>
  sources.flatMap((provider) => {
    const listing = isUpstream(provider) ? listingOf(instrument, provider) : null;
    return listing ? [{ provider, listing }] : [];
  });

/** Has a symbol's sources polled while a client is subscribed. */
export class SourcePolling {
  readonly #upstreams: Upstreams;
  /** Sources further down that were used in between, and may no longer be needed. */
  #polled = new Set<string>();

  constructor(upstreams: Upstreams) {
    this.#upstreams = upstreams;
  }

  /**
   * Begins or renews the polling at the first source that works; those before it that fail at the moment are watched too, so that they
   * are returned to. Returns whether one works.
   */
  async renew(context: InstrumentContext): Promise<boolean> {
    const { instrument } = context;
    const asked = new Set<string>();
    let works = false;
    for (const { provider, listing } of listingsOf(context)) {
      if (works) {
        if (this.#polled.has(provider)) await this.#upstreams(provider).unwatch(instrument.symbol);
        continue;
      }
      const reply = await this.#upstreams(provider).watch(listing);
      if (isFailure(reply)) continue;
      asked.add(provider);
      works = reply.failing === null;
    }
    this.#polled = asked;
    return works;
  }

  /** Stops the polling everywhere. */
  async stop(context: InstrumentContext): Promise<void> {
    const { instrument } = context;
    this.#polled = new Set();
    for (const { provider } of listingsOf(context)) await this.#upstreams(provider).unwatch(instrument.symbol);
  }
}
