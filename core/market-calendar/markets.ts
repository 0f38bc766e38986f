import { HOUR, MINUTE } from "../time.ts";
import { type EarlyClose, jseHalfDays } from "./jse-half-days.ts";
import type { Zone } from "./zone.ts";

/** A trading calendar. Several exchanges may share one. */
export type MarketId = "JSE" | "US" | "FOREX" | "CRYPTO";

/** The hours and holidays of a market. Clock times are seconds after local midnight of the trading date. */
export interface Market {
  id: MarketId;
  zone: Zone;
  /** 0 Sunday to 6 Saturday. */
  tradingDays: readonly number[];
  open: number;
  close: number;
  /** Length of the auction or early trading before the opening. */
  preSeconds: number;
  /** Length of trading after the close. */
  postSeconds: number;
  /** Closed trading dates, `YYYY-MM-DD` to the reason. */
  holidays: ReadonlyMap<string, string>;
  /** The dates that close early. */
  earlyCloses: ReadonlyMap<string, EarlyClose>;
  /** Opening time on dates that open late. */
  lateOpens: ReadonlyMap<string, number>;
  /** The years whose holidays are known, both included; null where the market has none in any year. */
  holidayYears: { first: number; last: number } | null;
}

const clock = (text: string): number => {
  const [hours, minutes] = text.split(":").map(Number);
  return hours * HOUR + minutes * MINUTE;
};

const WEEKDAYS = [1, 2, 3, 4, 5];
const KNOWN_YEARS = { first: 2025, last: 2027 };

/** `2025: 01-01 New Year's Day, …` as entries of `YYYY-MM-DD`. */
function dates(year: number, list: Record<string, string>): [string, string][] {
  return Object.entries(list).map(([day, name]) => [`${year}-${day}`, name]);
}

/**
 * JSE (MIC XJSE): opening auction 08:30, continuous trading 09:00, closing auction to 17:00, Johannesburg, no daylight
 * saving. Holidays: South Africa's Public Holidays Act 36 of 1994 (a Sunday one moves to Monday, a Saturday one does
 * not), and 2026-11-04, proclaimed for the local government elections (Government Gazette, 2026-08-07).
 * Half days: the last trading days before Christmas Day and before New Year's Day close at 12:00.
 */
const JSE: Market = {
  id: "JSE",
  zone: "Africa/Johannesburg",
  tradingDays: WEEKDAYS,
  open: clock("09:00"),
  close: clock("17:00"),
  preSeconds: 30 * MINUTE,
  postSeconds: 0,
  holidays: new Map([
    ...dates(2025, {
      "01-01": "New Year's Day",
      "03-21": "Human Rights Day",
      "04-18": "Good Friday",
      "04-21": "Family Day",
      "04-28": "Freedom Day (observed)",
      "05-01": "Workers' Day",
      "06-16": "Youth Day",
      "09-24": "Heritage Day",
      "12-16": "Day of Reconciliation",
      "12-25": "Christmas Day",
      "12-26": "Day of Goodwill",
    }),
    ...dates(2026, {
      "01-01": "New Year's Day",
      "04-03": "Good Friday",
      "04-06": "Family Day",
      "04-27": "Freedom Day",
      "05-01": "Workers' Day",
      "06-16": "Youth Day",
      "08-10": "National Women's Day (observed)",
      "09-24": "Heritage Day",
      "11-04": "Local Government Election Day",
      "12-16": "Day of Reconciliation",
      "12-25": "Christmas Day",
    }),
    ...dates(2027, {
      "01-01": "New Year's Day",
      "03-22": "Human Rights Day (observed)",
      "03-26": "Good Friday",
      "03-29": "Family Day",
      "04-27": "Freedom Day",
      "06-16": "Youth Day",
      "08-09": "National Women's Day",
      "09-24": "Heritage Day",
      "12-16": "Day of Reconciliation",
      "12-27": "Day of Goodwill (observed)",
    }),
  ]),
  earlyCloses: jseHalfDays(),
  lateOpens: new Map(),
  holidayYears: KNOWN_YEARS,
};

const ONE_PM: EarlyClose = { at: clock("13:00"), confirmed: true };

/**
 * NYSE and NASDAQ: early trading 04:00, regular 09:30 to 16:00, late trading for four hours after the close, New York.
 * Holidays and early closes: NYSE Group's announcement of 2024-11-08 and NYSE Rule 7.2; 2025-01-09 was the National Day of
 * Mourning for President Carter. Closures announced since are not known here.
 */
const US: Market = {
  id: "US",
  zone: "America/New_York",
  tradingDays: WEEKDAYS,
  open: clock("09:30"),
  close: clock("16:00"),
  preSeconds: clock("09:30") - clock("04:00"),
  postSeconds: 4 * HOUR,
  holidays: new Map([
    ...dates(2025, {
      "01-01": "New Year's Day",
      "01-09": "National Day of Mourning",
      "01-20": "Martin Luther King Jr. Day",
      "02-17": "Washington's Birthday",
      "04-18": "Good Friday",
      "05-26": "Memorial Day",
      "06-19": "Juneteenth",
      "07-04": "Independence Day",
      "09-01": "Labor Day",
      "11-27": "Thanksgiving Day",
      "12-25": "Christmas Day",
    }),
    ...dates(2026, {
      "01-01": "New Year's Day",
      "01-19": "Martin Luther King Jr. Day",
      "02-16": "Washington's Birthday",
      "04-03": "Good Friday",
      "05-25": "Memorial Day",
      "06-19": "Juneteenth",
      "07-03": "Independence Day (observed)",
      "09-07": "Labor Day",
      "11-26": "Thanksgiving Day",
      "12-25": "Christmas Day",
    }),
    ...dates(2027, {
      "01-01": "New Year's Day",
      "01-18": "Martin Luther King Jr. Day",
      "02-15": "Washington's Birthday",
      "03-26": "Good Friday",
      "05-31": "Memorial Day",
      "06-18": "Juneteenth (observed)",
      "07-05": "Independence Day (observed)",
      "09-06": "Labor Day",
      "11-25": "Thanksgiving Day",
      "12-24": "Christmas Day (observed)",
    }),
  ]),
  earlyCloses: new Map([
    ["2025-07-03", ONE_PM],
    ["2025-11-28", ONE_PM],
    ["2025-12-24", ONE_PM],
    ["2026-11-27", ONE_PM],
    ["2026-12-24", ONE_PM],
    ["2027-11-26", ONE_PM],
  ]),
  lateOpens: new Map(),
  holidayYears: KNOWN_YEARS,
};

/** 17:05 on the evening before the trading date. */
const AFTER_A_HOLIDAY = clock("17:05") - 24 * HOUR;

/**
 * Spot forex: a trading date runs from 17:00 New York the evening before to 17:00, Monday to Friday. The market closes at
 * 17:00 on 24 and 31 December and opens at 17:05 on 25 December and 1 January, so the trading dates 25 December and
 * 1 January are closed (OANDA's hours, as the Lean market-hours database has them).
 */
const FOREX: Market = {
  id: "FOREX",
  zone: "America/New_York",
  tradingDays: WEEKDAYS,
  open: clock("17:00") - 24 * HOUR,
  close: clock("17:00"),
  preSeconds: 0,
  postSeconds: 0,
  holidays: new Map(
    [2025, 2026, 2027].flatMap((year) => dates(year, { "01-01": "New Year's Day", "12-25": "Christmas Day" })),
  ),
  earlyCloses: new Map(),
  lateOpens: new Map([
    ["2025-01-02", AFTER_A_HOLIDAY],
    ["2025-12-26", AFTER_A_HOLIDAY],
    ["2026-01-02", AFTER_A_HOLIDAY],
  ]),
  holidayYears: KNOWN_YEARS,
};

/** Crypto trades always; a day is a UTC day. */
const CRYPTO: Market = {
  id: "CRYPTO",
  zone: "UTC",
  tradingDays: [0, 1, 2, 3, 4, 5, 6],
  open: 0,
  close: 24 * HOUR,
  preSeconds: 0,
  postSeconds: 0,
  holidays: new Map(),
  earlyCloses: new Map(),
  lateOpens: new Map(),
  holidayYears: null,
};

/** Every calendar, by its id. */
export const MARKETS: Record<MarketId, Market> = { JSE, US, FOREX, CRYPTO };

/** The calendar that each exchange code of the registry follows. */
export const MARKET_OF_EXCHANGE = {
  JSE: "JSE",
  NASDAQ: "US",
  NYSE: "US",
  FOREX: "FOREX",
  BINANCE: "CRYPTO",
  CRYPTO: "CRYPTO",
  SIM: "CRYPTO",
} as const satisfies Record<string, MarketId>;

/** The code of an exchange that the platform has a calendar for. */
export type ExchangeCode = keyof typeof MARKET_OF_EXCHANGE;

/** The calendar of an exchange. */
export function marketOf(exchange: ExchangeCode): Market {
  return MARKETS[MARKET_OF_EXCHANGE[exchange]];
}
