/**
 * What requests cost a key, in units of its quota. Everything costs 1; what asks for more than one thing costs by what it asks.
 * No price is beyond the smallest quota.
 */
export const BASE_COST = 1;

const QUOTES_PER_UNIT = 10;
const SYMBOLS_PER_UNIT = 5;
const CANDLES_PER_UNIT = 1_000;
const VALUES_PER_UNIT = 10_000;
const READ_BARS_PER_UNIT = 10_000;
const BODY_BYTES_PER_UNIT = 100_000;

/** The most bars that one calculation may read, over all of its symbols: forty units, and seconds of a processor. */
export const MAX_CALCULATION_BARS = 40 * READ_BARS_PER_UNIT;

const costInUnits = (amount: number, perUnit: number): number => Math.max(BASE_COST, Math.ceil(amount / perUnit));

/** Quotes of several symbols: 1 for each ten that are begun. */
export const costOfQuotes = (symbols: number): number => costInUnits(symbols, QUOTES_PER_UNIT);

/** The body of a calculation, before it is read: 1 for each 100,000 bytes that are begun. */
export const costOfBody = (bytes: number): number => costInUnits(bytes, BODY_BYTES_PER_UNIT);

/** Candles: 1 for each thousand that are begun. */
export const costOfCandles = (limit: number): number => costInUnits(limit, CANDLES_PER_UNIT);

/**
 * Indicators: 1 for each 10,000 values (symbols × indicators × bars that are answered), no less than 1 for each 10,000 bars that are
 * read (symbols × bars), and no less than 1 for each five symbols.
 * @param bars that are answered of each symbol
 * @param read bars of each symbol that the indicators need, with those that are answered
 */
export const costOfIndicators = (symbols: number, indicators: number, bars: number, read: number): number =>
  Math.max(
    costInUnits(symbols, SYMBOLS_PER_UNIT),
    costInUnits(symbols * indicators * bars, VALUES_PER_UNIT),
    costInUnits(symbols * read, READ_BARS_PER_UNIT),
  );
