import type { Adjustment } from "../../../contracts/candle.ts";
import { liveSources, type ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { INTERVALS, type Interval, isMultipleOf } from "../../../core/interval.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import type { AssetType } from "../../../core/symbol.ts";
import { providerOf } from "../../../providers/catalogue.ts";
import type { QualityLog } from "../quality-log.ts";
import type { ImportBatch, ImportReply } from "../replies.ts";
import type { RoomState } from "../room-state.ts";
import type { Upstreams } from "../upstreams.ts";
import { deriveCandles } from "./derived.ts";
import { BackfillQueue } from "./filling/backfill-queue.ts";
import { pruneFetched, rankAgain } from "./filling/upkeep.ts";
import { adjustImport, checkBatch, importBatch, sortBatch, takeAwayImport } from "./imports.ts";
import { Visibility } from "./reading/visibility.ts";
import type { Series } from "./series.ts";
import { CandleStore } from "./storage/candle-store.ts";
import { CandleTurns } from "./storage/candle-turns.ts";
import { FetchedSpans } from "./storage/fetched-spans.ts";
import { OriginBook } from "./storage/origin-book.ts";
import { rankBy } from "./storage/origins.ts";

/** Seconds between two times that sources are asked for what they owe. */
const MIN_PAUSE = 1;

/** What a room's candles need of it. */
export interface CandlesHost {
  storage: DurableObjectStorage;
  env: Env;
  state: RoomState;
  upstreams: Upstreams;
  quality: QualityLog;
  /** Whether a provider is one of the symbol's sources now. */
  isSource: (provider: ProviderName) => boolean;
  /** Called with closed candles that have changed, or have come late, by their stamps. */
  onChanged: (interval: Interval, times: readonly number[]) => void;
  /** Called when there is something to be done without a request. */
  onUpkeep: () => void;
}

/** A room's candles: what is stored of them, where it comes from, and what is done to keep it whole. */
export class Candles {
  readonly #host: CandlesHost;
  readonly #origins: OriginBook;
  readonly #store: CandleStore;
  readonly #turns: CandleTurns;
  readonly #fetched: FetchedSpans;
  /** When sources were last asked for what they owe, unix seconds. */
  #mendedAt = 0;
  readonly #native = new Map<string, readonly Interval[]>();
  /** What candles are read with. */
  readonly reading: { visibility: Visibility; backfill: BackfillQueue };

  constructor(host: CandlesHost) {
    this.#host = host;
    const { sql } = host.storage;
    this.#origins = new OriginBook(sql);
    this.#store = new CandleStore(host.storage, this.#origins, host.onChanged);
    this.#turns = new CandleTurns(host.storage, this.#origins, host.onChanged);
    this.#fetched = new FetchedSpans(sql);
    const { upstreams, quality, isSource } = host;
    const backfill = new BackfillQueue({
      ...{ fetched: this.#fetched, upstreams, quality, isSource },
      onOwed: () => host.onUpkeep(),
    });
    this.reading = { visibility: new Visibility(), backfill };
  }

  /** The series as a request sees it with these sources. */
  series(instrument: Instrument, sources: readonly ProviderName[]): Series {
    if (!sources.includes("simulator") && this.#host.state.enterRanking(sources.join(" "))) this.#host.onUpkeep();
    return {
      ...{
        instrument,
        sources,
        store: this.#store,
        turns: this.#turns,
        origins: this.#origins,
        fetched: this.#fetched,
      },
      market: marketOf(instrument.primary_exchange),
      isBetter: rankBy(sources),
      askedInterval: (provider, interval) => this.#askedInterval(instrument, provider, interval),
      recent: (source, interval) => this.reading.backfill.recent(source, interval),
    };
  }

  hasAny(): boolean {
    return this.#origins.stretches().length > 0;
  }

  async importBatch(series: Series, batch: ImportBatch): Promise<ImportReply> {
    const made = await sortBatch(series, this.reading.visibility, batch);
    return this.#host.storage.transactionSync(() => importBatch(series, this.#host.quality, batch, made));
  }

  /** What importing candles would do; nothing is stored. */
  async checkImport(series: Series, batch: ImportBatch): Promise<ImportReply> {
    return checkBatch(series, batch, await sortBatch(series, this.reading.visibility, batch));
  }

  /** Makes coarser candles of those of an import; returns whether any is new. */
  async finishImport(series: Series, importId: string): Promise<boolean> {
    const origin = this.#origins.ofImport(importId);
    return origin !== null && deriveCandles(series, origin);
  }

  /** Takes some of an import's candles away; returns whether nothing is left of it. */
  deleteImport(series: Series, importId: string): Promise<boolean> {
    return takeAwayImport(series, importId);
  }

  /** Changes what an import says was done to past prices; returns whether it said something else. */
  adjustImport(importId: string, adjustment: Adjustment, adjustedAsOf: number | null): boolean {
    return adjustImport(this.#origins, importId, adjustment, adjustedAsOf);
  }

  prune(series: Series): void {
    pruneFetched(series, Date.now() / 1000);
  }

  /** When there is something to be done without a request, unix seconds; null if there is not. */
  nextUpkeep({ sources }: Series, now: number): number | null {
    if (sources.includes("simulator")) return null;
    if (this.#host.state.ranking() !== null) return now;
    const due = liveSources(sources).length > 0 ? this.reading.backfill.nextDue() : null;
    return due === null ? null : Math.max(due, this.#mendedAt + MIN_PAUSE);
  }

  /** Does some of what is to be done: ranks candles by sources that have changed, and asks for what sources owe. */
  async upkeep(series: Series): Promise<void> {
    const { sources } = series;
    if (sources.includes("simulator")) return;
    const ranking = this.#host.state.ranking();
    if (ranking !== null) this.#host.state.saveRanking(rankAgain(series, ranking, Date.now() / 1000));
    else {
      this.#mendedAt = Date.now() / 1000;
      await this.reading.backfill.mend(series);
    }
  }

  /** What a provider is asked for to answer an interval: the interval itself, or the coarsest that it is made of. */
  #askedInterval({ type }: Instrument, name: ProviderName, interval: Interval): Interval | null {
    if (name === "import" || name === "simulator") return null;
    const native = this.#nativeIntervals(name, type);
    if (native.includes(interval)) return interval;
    return INTERVALS.findLast((fine) => native.includes(fine) && isMultipleOf(fine, interval)) ?? null;
  }

  #nativeIntervals(name: ProviderName, type: AssetType): readonly Interval[] {
    const known = this.#native.get(`${name} ${type}`);
    if (known) return known;
    const provider = providerOf(name, this.#host.env);
    const native = "disabled" in provider ? [] : (provider.capabilities.intervals[type] ?? []);
    this.#native.set(`${name} ${type}`, native);
    return native;
  }
}
