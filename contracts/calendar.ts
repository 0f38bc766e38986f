import { z } from "@hono/zod-openapi";
import { CALENDAR_STATUSES } from "../core/market-calendar/calendar-days.ts";

const date = (description: string, example: string) => z.string().openapi({ format: "date", description, example });

/** One date of an exchange's calendar. */
export const CalendarDaySchema = z
  .object({
    date: date("The trading date, on the exchange's own calendar.", "2026-11-27"),
    status: z.enum(CALENDAR_STATUSES).openapi({
      description: "`half_day` is open, and at least an hour shorter than usual.",
      example: "half_day",
    }),
    opens_at: z.string().nullable().openapi({
      format: "date-time",
      description: "The regular opening in UTC; null on closed days. A forex date opens on the evening before.",
      example: "2026-11-27T14:30:00.000Z",
    }),
    closes_at: z.string().nullable().openapi({
      format: "date-time",
      description: "The regular close in UTC; null on closed days.",
      example: "2026-11-27T18:00:00.000Z",
    }),
    name: z.string().nullable().openapi({
      description: "The holiday's name, or why the day is short; null for other days.",
      example: "Day after Thanksgiving",
    }),
  })
  .openapi("CalendarDay");

/** The span of dates whose holidays are known. */
export const HolidaysKnownSchema = z
  .object({
    from: date("The first date whose holidays are known.", "2000-01-01"),
    to: date("The first date after them.", "2028-01-01"),
  })
  .openapi("HolidaysKnown", {
    description: "Outside of these dates every day but a weekend is `open`, holidays too.",
  });
