import type { Instrument } from "../../contracts/symbol.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import type { CandleStore } from "./candle-store.ts";
import type { DoubtLog } from "./doubt-log.ts";
import type { IngestedSpans } from "./ingested.ts";
import { storeJudged } from "./judged-candles.ts";
import type { ImportBatch, ImportReply } from "./replies.ts";

/** What an import writes to. */
interface ImportStores {
  storage: DurableObjectStorage;
  candles: CandleStore;
  ingested: IngestedSpans;
  doubts: DoubtLog;
}

/** Stores imported candles; all of the batch or nothing. Series that providers gave for the symbol are dropped: real series never mix. */
export function importBatch(
  { storage, candles, ingested, doubts }: ImportStores,
  { symbol, primary_exchange, type }: Instrument,
  { interval, adjustment, candles: batch }: ImportBatch,
): ImportReply {
  const series = candles.series();
  const existing = series.find((each) => each.provider === "import" && each.interval === interval);
  if (existing && existing.adjustment !== adjustment) return { kind: "conflict", adjustment: existing.adjustment };
  const { findings, ...counts } = storage.transactionSync(() => {
    for (const foreign of series.filter(({ provider }) => provider !== "import")) {
      candles.drop(foreign.interval);
      ingested.clear(foreign.interval);
    }
    return storeJudged(candles, batch, {
      series: { interval, adjustment, provider: "import", construction: "provider" },
      market: marketOf(primary_exchange),
      now: Date.now() / 1000,
      negativePrices: type === "commodity",
      isFinal: () => true,
    });
  });
  doubts.candles(symbol, "import", interval, findings);
  return { kind: "stored", ...counts };
}
