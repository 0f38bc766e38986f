import type { Origin, Segment } from "../../contracts/candle.ts";
import { originRuns } from "../../core/candle-series/origin-runs.ts";
import type { CandleColumns } from "../../core/candles.ts";
import type { Interval } from "../../core/interval.ts";
import type { Market } from "../../core/market-calendar/markets.ts";
import { isoTime } from "../../core/time.ts";

/** The runs of candles of one origin, oldest first, as they are answered; those of imports name the import. */
export function segmentsOf(
  candles: CandleColumns,
  origins: readonly Origin[],
  market: Market,
  interval: Interval,
): Segment[] {
  const byId = new Map(origins.map((origin) => [origin.id, origin]));
  const segments: Segment[] = [];
  for (const { from, to, origin } of originRuns(candles, market, interval)) {
    const found = byId.get(origin);
    if (!found) throw new Error("candles have an origin that their page does not name");
    const { provider, adjustment, construction, importId } = found;
    const facts = { provider, adjustment, construction, import_id: importId };
    segments.push({ from: isoTime(from), to: isoTime(to), ...facts });
  }
  return segments;
}
