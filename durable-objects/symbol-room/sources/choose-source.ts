import { liveSources } from "../../../contracts/provider.ts";
import type { Series } from "../candles/series.ts";
import { ImportedSource } from "./imported-source.ts";
import type { MarketSource } from "./market-source.ts";
import { type CandleReading, PolledSource } from "./polled-source.ts";
import { SimulatedSource } from "./simulated-source.ts";

/** The source of a symbol's data: the simulator, imports alone, or upstreams with what was imported. */
export function chooseSource(series: Series, reading: CandleReading): MarketSource {
  const { instrument, sources } = series;
  if (sources.includes("simulator")) return new SimulatedSource(instrument);
  if (sources.length > 0 && liveSources(sources).length === 0) return new ImportedSource(series, reading.visibility);
  return new PolledSource(series, reading);
}
