import type { Market } from "../market-calendar/markets.ts";
import { LocalClock } from "./local-clock.ts";
import { CandleFileError, shown } from "./types.ts";

/**
 * The clock of times that are written without a zone.
 * @param name `exchange`, `UTC` or an IANA name
 * @throws CandleFileError where there is no zone of that name
 */
export function clockOf(name: string, market: Market): LocalClock {
  const zone = name === "exchange" ? market.zone : name;
  try {
    return new LocalClock(zone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CandleFileError(
      `--timezone is "${shown(name)}"; it must be exchange, UTC or an IANA name such as America/New_York.`,
    );
  }
}

/** What to say of intraday rows whose times have no zone. */
export const missingZone = (market: Market, exchange: string): CandleFileError =>
  new CandleFileError(
    `The times have no zone, and it is not guessed: say --timezone exchange for the one of ${exchange} (${market.zone}), or name another, such as --timezone UTC or --timezone Europe/Athens.`,
  );
