import { createRoute, z } from "@hono/zod-openapi";
import { CalendarDaySchema, HolidaysKnownSchema } from "../../contracts/calendar.ts";
import { dateParameter } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { EXCHANGE_CODES } from "../../contracts/symbol.ts";
import { type CalendarDay, calendarDays, knownHolidays } from "../../core/market-calendar/calendar-days.ts";
import { type ExchangeCode, type Market, marketOf } from "../../core/market-calendar/markets.ts";
import { offsetAt } from "../../core/market-calendar/zone.ts";
import { DAY, HOUR, isoDate, isoTime, MINUTE, startOfDay } from "../../core/time.ts";
import { type DayEvent, toICalendar } from "../http/icalendar.ts";
import { jsonResponse, problemResponses, textResponse } from "../http/responses.ts";
import { createService } from "../http/service.ts";

/** Dates that one answer may have. */
const MAX_DATES = 1_000;

/** Dates that an answer has unless the request says otherwise: one, and the thirty after it. */
const DEFAULT_DATES = 31;

/** Seconds for which caches may answer with a calendar; a day ends and a closure is announced within it. */
const MAX_AGE = 300;

/** 00:00 UTC of the day on which the calendars here were last read through: the events' DTSTAMP. Move it with the facts. */
const REVISED = Date.UTC(2026, 10, 27) / 1000;

const Query = z.strictObject({
  from: dateParameter
    .optional()
    .openapi({ description: "The first date; unless given, today on the exchange's clocks." }),
  to: dateParameter.optional().openapi({
    description: `The first date after the last one; unless given, ${DEFAULT_DATES} days after \`from\`. At most ${MAX_DATES} dates are answered at once.`,
  }),
  format: z.enum(["json", "ics"], "must be json or ics").default("json").openapi({
    description: "`ics` answers an iCalendar (RFC 5545) with an all-day event for each holiday and half day.",
  }),
});

const Path = z.object({
  code: z.string().openapi({
    param: { name: "code", in: "path" },
    enum: [...EXCHANGE_CODES],
    example: "NYSE",
    description: "A code that /exchanges lists, in any case.",
  }),
});

const route = createRoute({
  method: "get",
  path: "/exchanges/{code}/calendar",
  operationId: "getExchangeCalendar",
  summary: "Trading days, half days and holidays of an exchange",
  description:
    "One row for each date of [`from`, `to`). `holidays_known` says for which dates the holidays are known; outside of it only weekends are closed. Hours are today's in all years.",
  tags: ["Symbols"],
  request: { params: Path, query: Query },
  responses: {
    200: {
      description: "The calendar, by date",
      content: {
        "application/json": {
          schema: z
            .object({
              success: z.literal(true),
              data: z.array(CalendarDaySchema),
              exchange: z.enum(EXCHANGE_CODES),
              timezone: z.string(),
              holidays_known: HolidaysKnownSchema,
              count: z.number().int(),
              timestamp: z.string(),
            })
            .openapi("ExchangeCalendarAnswer"),
        },
        "text/calendar": {
          schema: z.string().openapi({
            example:
              "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//WizData//WizData Edge//EN\r\nBEGIN:VEVENT\r\nUID:2026-11-27.nyse@wizdata-edge\r\nDTSTAMP:20261127T000000Z\r\nDTSTART;VALUE=DATE:20261127\r\nDTEND;VALUE=DATE:20261128\r\nSUMMARY:NYSE closes early: Day after Thanksgiving\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
          }),
        },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 404, 429),
  },
});

/** The exchange of a code in a path, in any case. */
function requireExchange(text: string): ExchangeCode {
  const code = EXCHANGE_CODES.find((each) => each === text.toUpperCase());
  if (code) return code;
  throw new ApiError("route.not_found", `There is no such exchange. The exchanges are ${EXCHANGE_CODES.join(", ")}.`);
}

const invalid = (path: "from" | "to", message: string): ApiError =>
  new ApiError("request.invalid", `${path} ${message}.`, { errors: [{ in: "query", path, message }] });

/** The dates that a request is for, [`from`, `to`) as 00:00 UTC. */
function spanOf(query: z.infer<typeof Query>, market: Market): { from: number; to: number } {
  const now = Date.now() / 1000;
  const from = query.from ?? startOfDay(now + offsetAt(market.zone, now));
  const to = query.to ?? from + DEFAULT_DATES * DAY;
  if (from >= to)
    throw invalid(
      "from",
      query.from === undefined ? "must be before to, and is today unless given" : "must be before to",
    );
  if (to - from > MAX_DATES * DAY) {
    throw invalid(
      "to",
      `must be at most ${MAX_DATES} days after from, which is ${isoDate(from + MAX_DATES * DAY)} or earlier`,
    );
  }
  return { from, to };
}

function rowOf({ date, status, session, name }: CalendarDay): z.infer<typeof CalendarDaySchema> {
  return {
    date: isoDate(date),
    status,
    opens_at: session && isoTime(session.open),
    closes_at: session && isoTime(session.close),
    name,
  };
}

/** `13:00` for an instant, on the market's clocks. */
function clockOf(market: Market, time: number): string {
  const seconds = (time + offsetAt(market.zone, time)) % DAY;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / HOUR)}:${two((seconds % HOUR) / MINUTE)}`;
}

/** The event of a holiday or a half day; none of other days. */
function eventsOf(code: ExchangeCode, { date, status, session, name }: CalendarDay): DayEvent[] {
  const market = marketOf(code);
  const uid = `${isoDate(date)}.${code.toLowerCase()}@wizdata-edge`;
  if (status === "holiday") {
    return [{ uid, date, summary: `${code} closed: ${name}`, description: `${code} is closed all day.` }];
  }
  if (status !== "half_day" || !session) return [];
  const [opens, closes] = [clockOf(market, session.open), clockOf(market, session.close)];
  const summary = `${code} ${session.open > session.anchor ? "opens late" : "closes early"}: ${name}`;
  const description = `${code} trades from ${opens} to ${closes}, ${market.zone} (${isoTime(session.open)} to ${isoTime(session.close)}).`;
  return [{ uid, date, summary, description }];
}

/** The route of exchanges' calendars. */
export const calendar = createService();

calendar.openapi(route, (c) => {
  const code = requireExchange(c.req.valid("param").code);
  const query = c.req.valid("query");
  const market = marketOf(code);
  const { from, to } = spanOf(query, market);
  const days = calendarDays(market, from, to);
  if (query.format === "ics") {
    const events = days.flatMap((day) => eventsOf(code, day));
    const text = toICalendar(`${code} holidays`, REVISED, events);
    return textResponse(c, text, text, "text/calendar; charset=utf-8", { maxAge: MAX_AGE });
  }
  const known = knownHolidays(market);
  const siblings = {
    exchange: code,
    timezone: market.zone,
    holidays_known: { from: isoDate(known.from), to: isoDate(known.to) },
  };
  return jsonResponse(c, days.map(rowOf), siblings, { maxAge: MAX_AGE });
});
