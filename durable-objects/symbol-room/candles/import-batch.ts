import type { Instrument } from "../../../contracts/symbol.ts";
import { marketOf } from "../../../core/market-calendar/markets.ts";
import type { QualityLog } from "../quality-log.ts";
import type { ImportBatch, ImportReply } from "../replies.ts";
import type { CandleStore } from "./candle-store.ts";
import { storeChecked } from "./checked-writes.ts";
import type { FetchedRanges } from "./fetched-ranges.ts";

/** What an import writes to. */
interface ImportStores {
  storage: DurableObjectStorage;
  candles: CandleStore;
  fetched: FetchedRanges;
  quality: QualityLog;
}

/** Stores imported candles; all of the batch or nothing. Series that providers gave for the symbol are dropped: real series never mix. */
export function importBatch(
  { storage, candles, fetched, quality }: ImportStores,
  { symbol, primary_exchange, type }: Instrument,
  { interval, adjustment, candles: batch }: ImportBatch,
): ImportReply {
  const series = candles.series();
  const existing = series.find((each) => each.provider === "import" && each.interval === interval);
  if (existing && existing.adjustment !== adjustment) return { kind: "conflict", adjustment: existing.adjustment };
  const { findings, ...counts } = storage.transactionSync(() => {
    for (const foreign of series.filter(({ provider }) => provider !== "import")) {
      candles.drop(foreign.interval);
      fetched.clear(foreign.interval);
    }
    return storeChecked(candles, batch, {
      series: { interval, adjustment, provider: "import", construction: "provider" },
      market: marketOf(primary_exchange),
      now: Date.now() / 1000,
      negativePrices: type === "commodity",
      isFinal: () => true,
    });
  });
  quality.candles(symbol, "import", interval, findings);
  return { kind: "stored", ...counts };
}
