import { marketModeOf } from "../../contracts/provider.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { noteDemand } from "../../storage/demand.ts";
import { writeRegistry } from "../../storage/registry/database.ts";

/** Demand is noted this often (seconds). */
const DEMAND_EVERY = 600;

/** Opens the note, for scheduled work, that readers ask for a room's symbol; simulated data needs none. */
export function openDemandNote(env: Env, keep: (work: Promise<void>) => void): (instrument: Instrument) => void {
  let notedAt = 0;
  return ({ symbol }) => {
    const now = Math.floor(Date.now() / 1000);
    // A clock that was set back counts as much time that has passed.
    if (Math.abs(now - notedAt) < DEMAND_EVERY || marketModeOf(env) !== "live") return;
    notedAt = now;
    keep(noteDemand(writeRegistry(env.DB), symbol, now));
  };
}
