import type { QuotePosition } from "../audience/feed.ts";
import type { EventLog } from "./event-log.ts";
import type { Facts } from "./facts.ts";
import type { QuoteStore } from "./quote-store.ts";
import type { RoomLife } from "./room-life.ts";

/** The parts of a room that an epoch runs through. */
interface EpochParts {
  storage: DurableObjectStorage;
  facts: Facts;
  log: EventLog;
  quotes: QuoteStore;
  life: RoomLife;
  /** Takes the room's quote back from all regions. */
  unshare: () => Promise<void>;
}

/**
 * Begins a new epoch of a room's stream at once, all of it or nothing; sequence numbers go on. A client that comes back with a
 * position of an earlier epoch gets a snapshot, one that is connected a fresh confirmation with a snapshot.
 * @returns the position at which the epoch begins, when other regions have forgotten the quote of the earlier one
 */
export async function renewEpoch({ storage, facts, log, quotes, life, unshare }: EpochParts): Promise<QuotePosition> {
  storage.transactionSync(() => {
    facts.renewEpoch(Date.now() / 1000);
    log.clear();
    quotes.enterEpoch();
  });
  life.epochRenewed();
  const position = log.position();
  await unshare();
  return position;
}
