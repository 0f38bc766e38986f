import type { TradingDay } from "./indicator.ts";

const SECONDS_PER_DAY = 86_400;

/** The UTC day of a moment (unix seconds), counted in days since 1970-01-01. */
export const utcDay: TradingDay = (time) => Math.floor(time / SECONDS_PER_DAY);
