import type { ProviderName } from "../../../contracts/provider.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { ImportedSource } from "./imported-source.ts";
import type { MarketSource } from "./market-source.ts";
import { PolledSource, type PolledStores } from "./polled-source.ts";
import { SimulatedSource } from "./simulated-source.ts";

/** The source of a symbol's data. Imported candles win over the simulator, and both over upstreams. */
export function chooseSource(
  instrument: Instrument,
  sources: readonly ProviderName[],
  stores: PolledStores,
): MarketSource {
  if (sources.includes("import")) return new ImportedSource(instrument, stores.candles);
  if (sources.includes("simulator")) return new SimulatedSource(instrument);
  return new PolledSource(instrument, sources, stores);
}
