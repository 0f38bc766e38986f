import type { QuotePosition } from "../symbol-events/symbol-events.ts";
import type { Publisher } from "./publishing/publisher.ts";
import type { QuoteLog } from "./quotes/quote-log.ts";
import type { QuoteStore } from "./quotes/quote-store.ts";
import type { RoomState } from "./room-state.ts";

/** The parts of a room that an epoch runs through. */
interface EpochParts {
  storage: DurableObjectStorage;
  state: RoomState;
  log: QuoteLog;
  quotes: QuoteStore;
  publisher: Publisher;
  /** Takes the room's quote back from all regions. */
  invalidate: () => Promise<void>;
}

/**
 * Begins a new epoch of a room's stream at once, all of it or nothing; sequence numbers go on. A client that comes back with a
 * position of an earlier epoch gets a snapshot, one that is connected a fresh confirmation with a snapshot.
 * @returns the position at which the epoch begins, when other regions have forgotten the quote of the earlier one
 */
export async function renewEpoch({
  storage,
  state,
  log,
  quotes,
  publisher,
  invalidate,
}: EpochParts): Promise<QuotePosition> {
  storage.transactionSync(() => {
    state.renewEpoch(Date.now() / 1000);
    log.clear();
    quotes.enterEpoch();
  });
  publisher.onEpoch();
  const position = log.position();
  await invalidate();
  return position;
}
