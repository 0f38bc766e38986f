import { DAY, HOUR, MINUTE } from "../time.ts";
import { forexHolidays, forexLateOpens } from "./forex-holidays.ts";
import { jseHalfDays } from "./jse-half-days.ts";
import { jseHolidays } from "./jse-holidays.ts";
import type { EarlyClose, LateOpen } from "./shortened-days.ts";
import { usEarlyCloses, usHolidays, usLateOpens } from "./us-holidays.ts";
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
  /** Weekdays that are closed, `YYYY-MM-DD` to the reason. */
  holidays: ReadonlyMap<string, string>;
  /** The dates that close early. */
  earlyCloses: ReadonlyMap<string, EarlyClose>;
  /** The dates that open late. */
  lateOpens: ReadonlyMap<string, LateOpen>;
  /** The years whose holidays are known, both included; null where the market has none in any year. */
  holidayYears: { first: number; last: number } | null;
}

const clock = (text: string): number => {
  const [hours, minutes] = text.split(":").map(Number);
  return hours * HOUR + minutes * MINUTE;
};

const WEEKDAYS = [1, 2, 3, 4, 5];

/**
 * The years whose holidays and shortened days are known, both included. The hours are today's in all of them: where an exchange had others in
 * earlier years, they are not modelled.
 */
const KNOWN_YEARS = { first: 2000, last: 2027 };
const { first: FIRST, last: LAST } = KNOWN_YEARS;

/**
 * JSE (MIC XJSE): opening auction 08:30, continuous trading 09:00, closing auction to 17:00, Johannesburg, no daylight
 * saving. Half days: the last trading days before Christmas Day and before New Year's Day close at 12:00, from 2016 on. Disruptions are not
 * modelled (2017-12-27 and 2021-08-18, when trading began late).
 */
const JSE: Market = {
  id: "JSE",
  zone: "Africa/Johannesburg",
  tradingDays: WEEKDAYS,
  open: clock("09:00"),
  close: clock("17:00"),
  preSeconds: 30 * MINUTE,
  postSeconds: 0,
  holidays: jseHolidays(FIRST, LAST),
  earlyCloses: jseHalfDays(),
  lateOpens: new Map(),
  holidayYears: KNOWN_YEARS,
};

/**
 * NYSE and NASDAQ: early trading 04:00, regular 09:30 to 16:00, late trading for four hours after the close, New York.
 * Holidays and early closes of 2025 to 2027: NYSE Group's announcement of 2024-11-08. Closures announced since are not known here.
 */
const US: Market = {
  id: "US",
  zone: "America/New_York",
  tradingDays: WEEKDAYS,
  open: clock("09:30"),
  close: clock("16:00"),
  preSeconds: clock("09:30") - clock("04:00"),
  postSeconds: 4 * HOUR,
  holidays: usHolidays(FIRST, LAST),
  earlyCloses: usEarlyCloses(FIRST, LAST),
  lateOpens: usLateOpens(),
  holidayYears: KNOWN_YEARS,
};

/**
 * Spot forex: a trading date runs from 17:00 New York the evening before to 17:00, Monday to Friday. The market closes at
 * 17:00 on 24 and 31 December and opens at 17:05 on 25 December and 1 January, so the trading dates 25 December and
 * 1 January are closed (OANDA's hours, as the Lean market-hours database has them). There is no exchange to ask: other brokers keep other hours,
 * and the rule is applied to all years alike.
 */
const FOREX: Market = {
  id: "FOREX",
  zone: "America/New_York",
  tradingDays: WEEKDAYS,
  open: clock("17:00") - DAY,
  close: clock("17:00"),
  preSeconds: 0,
  postSeconds: 0,
  holidays: forexHolidays(FIRST, LAST),
  earlyCloses: new Map(),
  lateOpens: forexLateOpens(FIRST, LAST),
  holidayYears: KNOWN_YEARS,
};

/** Crypto trades always; a day is a UTC day. */
const CRYPTO: Market = {
  id: "CRYPTO",
  zone: "UTC",
  tradingDays: [0, 1, 2, 3, 4, 5, 6],
  open: 0,
  close: DAY,
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
