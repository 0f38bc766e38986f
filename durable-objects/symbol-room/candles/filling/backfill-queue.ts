import type { ProviderName } from "../../../../contracts/provider.ts";
import { bucketsForward } from "../../../../core/buckets.ts";
import type { Interval } from "../../../../core/interval.ts";
import type { Span } from "../../../../core/spans.ts";
import type { QualityLog } from "../../quality-log.ts";
import type { Priority, Upstreams } from "../../upstreams.ts";
import type { BackfillOutcome, Series } from "../series.ts";
import type { RowQuery } from "../storage/candle-store.ts";
import type { FetchedSpan } from "../storage/fetched-span.ts";
import type { FetchedSpans } from "../storage/fetched-spans.ts";
import { fillPage } from "./backfill.ts";
import { type Backfill, fetchSpan } from "./fetch-span.ts";
import { type UnsettledSpan, unsettledKey } from "./outcome.ts";

/** Buckets that a source is asked for at a time without a request. */
const BUCKETS_AT_ONCE = 5_000;
/** Stretches that are asked for again at a time without a request. */
const MENDED_AT_ONCE = 4;

/** What a backfill needs of its room. */
export interface BackfillHost {
  fetched: FetchedSpans;
  upstreams: Upstreams;
  quality: QualityLog;
  /** Whether a provider is one of the symbol's sources now. */
  isSource: (provider: ProviderName) => boolean;
  /** Called when something may be owed: it is asked for again in time. */
  onOwed: () => void;
}

/** Fetches what pages of candles lack, once for all who wait for the same, and asks again for what sources owe. */
export class BackfillQueue {
  readonly #host: BackfillHost;
  readonly #running = new Map<string, Promise<BackfillOutcome>>();
  readonly #unsettled = new Map<string, UnsettledSpan>();

  constructor(host: BackfillHost) {
    this.#host = host;
  }

  /** Fetches what a page lacks from the sources, in order. */
  fill(series: Series, query: RowQuery, priority: Priority): Promise<BackfillOutcome> {
    const { interval, from, to, limit, backward } = query;
    const key = [interval, from, to, limit, backward, series.sources].join();
    const already = this.#running.get(key);
    if (already) return already;
    const fill = fillPage(this.#backfill(series, priority), query).finally(() => {
      this.#running.delete(key);
      if (this.#host.fetched.nextDue() !== null) this.#host.onOwed();
    });
    this.#running.set(key, fill);
    return fill;
  }

  /** The stretch of a source's newest candles that may still change; null where none was fetched. */
  recent(source: ProviderName, interval: Interval): Span | null {
    return this.#unsettled.get(unsettledKey(source, interval)) ?? null;
  }

  /** When something that sources owe is to be asked for again, unix seconds; null where nothing is. */
  nextDue(): number | null {
    return this.#host.fetched.nextDue();
  }

  /** Asks again for some of what sources owe and is due, in the background. */
  async mend(series: Series): Promise<void> {
    const { fetched } = this.#host;
    const backfill = this.#backfill(series, "background");
    for (const due of fetched.due(backfill.now, MENDED_AT_ONCE)) {
      if (series.sources.includes(due.source)) await mendSpan(backfill, due);
      else fetched.forget(due.interval, due, due.source);
    }
  }

  #backfill(series: Series, priority: Priority): Backfill {
    const { upstreams, quality, isSource } = this.#host;
    const { symbol } = series.instrument;
    return {
      ...{ series, upstreams, isSource, unsettled: this.#unsettled, priority },
      now: Date.now() / 1000,
      report: (provider, interval, findings) => quality.candles(symbol, provider, interval, findings),
    };
  }
}

/** Asks again for a stretch that is owed, or for the beginning of a long one: the rest stays due. */
async function mendSpan(backfill: Backfill, due: FetchedSpan): Promise<void> {
  const { market } = backfill.series;
  let buckets = 0;
  let to = due.to;
  for (const { time } of bucketsForward(market, due.interval, due.from)) {
    if (time >= due.to) break;
    if (buckets++ === BUCKETS_AT_ONCE) {
      to = time;
      break;
    }
  }
  await fetchSpan(backfill, due.source, due.interval, { from: due.from, to }, due);
}
