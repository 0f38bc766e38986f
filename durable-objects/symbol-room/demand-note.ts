import type { MarketMode } from "../../contracts/provider.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { isWithin } from "../../core/time.ts";
import { openPrimary } from "../../storage/database.ts";
import { recordDemand } from "../../storage/demand.ts";
import { unlessUnreachable } from "../../storage/registry/failures.ts";

/** Demand is noted this often (seconds). */
const DEMAND_EVERY = 600;

/** Opens the note, for scheduled work, that readers ask for a room's symbol; simulated data needs none. It never fails an answer. */
export function openDemandNote(
  database: D1Database,
  keep: (work: Promise<void>) => void,
  mode: () => MarketMode,
): (instrument: Instrument) => void {
  let notedAt = 0;
  return ({ symbol }) => {
    const now = Math.floor(Date.now() / 1000);
    if (isWithin(DEMAND_EVERY, notedAt, now) || mode() !== "live") return;
    notedAt = now;
    keep(unlessUnreachable("recording demand", () => recordDemand(openPrimary(database), symbol, now)));
  };
}
