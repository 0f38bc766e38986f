import { isFailure } from "../../../providers/provider.ts";
import type { InstrumentContext } from "../instrument-context.ts";
import { listingOf, type Upstreams } from "../upstreams.ts";

/** Seconds between two renewals: a gate's lease ends after `WATCH_LEASE`, which is two of these and some. */
export const RENEW_EVERY = 20;

/** Has a symbol's sources polled while somebody listens. */
export interface SourcePolling {
  /**
   * Begins or renews the polling at the first source that works; those before it that fail at the moment are watched too, so that they
   * are returned to. Gives whether one works.
   */
  renew(subject: InstrumentContext): Promise<boolean>;
  /** Ends the polling everywhere. */
  end(subject: InstrumentContext): Promise<void>;
}

const listingsOf = ({ instrument, sources }: InstrumentContext) =>
  sources.flatMap((provider) => {
    const listing = listingOf(instrument, provider);
    return listing ? [{ provider, listing }] : [];
  });

/** Opens the watch over a room's sources. */
export function openSourcePolling(upstreams: Upstreams): SourcePolling {
  /** Sources further down that were turned to, and may no longer be needed. */
  let polled = new Set<string>();
  return {
    async renew(subject) {
      const { instrument } = subject;
      const asked = new Set<string>();
      let works = false;
      for (const { provider, listing } of listingsOf(subject)) {
        if (works) {
          if (polled.has(provider)) await upstreams(provider).unwatch(instrument.symbol);
          continue;
        }
        const reply = await upstreams(provider).watch(listing);
        if (isFailure(reply)) continue;
        asked.add(provider);
        works = reply.failing === null;
      }
      polled = asked;
      return works;
    },
    async end(subject) {
      const { instrument } = subject;
      polled = new Set();
      for (const { provider } of listingsOf(subject)) await upstreams(provider).unwatch(instrument.symbol);
    },
  };
}
