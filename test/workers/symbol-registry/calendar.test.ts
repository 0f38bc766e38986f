import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { CalendarDaySchema, HolidaysKnownSchema } from "../../../contracts/calendar.ts";
import { EXCHANGE_CODES, ExchangeSchema } from "../../../contracts/symbol.ts";
import { call, problemOf, read } from "../client.ts";

const Answer = z.object({
  success: z.literal(true),
  data: z.array(CalendarDaySchema),
  exchange: z.string(),
  timezone: z.string(),
  holidays_known: HolidaysKnownSchema,
  count: z.number(),
  timestamp: z.string(),
});

const Exchanges = z.looseObject({ data: z.array(ExchangeSchema) });

const calendarOf = (code: string, query = "") => read(`/exchanges/${code}/calendar${query}`, Answer);

const DAY_MS = 86_400_000;

describe("GET /exchanges/{code}/calendar", () => {
  test("of NYSE around Thanksgiving 2026: a holiday, a half day and a weekend", async () => {
    const { data, count, exchange, timezone, holidays_known } = await calendarOf(
      "NYSE",
      "?from=2026-11-25&to=2026-11-29",
    );
    expect({ count, exchange, timezone }).toEqual({ count: 4, exchange: "NYSE", timezone: "America/New_York" });
    expect(holidays_known).toEqual({ from: "2000-01-01", to: "2028-01-01" });
    const closed = { opens_at: null, closes_at: null };
    expect(data).toEqual([
      {
        date: "2026-11-25",
        status: "open",
        opens_at: "2026-11-25T14:30:00.000Z",
        closes_at: "2026-11-25T21:00:00.000Z",
        name: null,
      },
      { date: "2026-11-26", status: "holiday", ...closed, name: "Thanksgiving Day" },
      {
        date: "2026-11-27",
        status: "half_day",
        opens_at: "2026-11-27T14:30:00.000Z",
        closes_at: "2026-11-27T18:00:00.000Z",
        name: "Day after Thanksgiving",
      },
      { date: "2026-11-28", status: "weekend", ...closed, name: null },
    ]);
  });

  test("of the JSE, whose half days close at noon in Johannesburg", async () => {
    const { data } = await calendarOf("jse", "?from=2026-12-24&to=2026-12-26");
    expect(data.map((day) => [day.status, day.closes_at])).toEqual([
      ["half_day", "2026-12-24T10:00:00.000Z"],
      ["holiday", null],
    ]);
  });

  test("of a forex date runs from 17:00 New York the evening before to 17:00, weekends and Christmas aside", async () => {
    const { data } = await calendarOf("FOREX", "?from=2026-12-24&to=2026-12-29");
    expect(data.map((day) => [day.status, day.opens_at, day.closes_at])).toEqual([
      ["open", "2026-12-23T22:00:00.000Z", "2026-12-24T22:00:00.000Z"],
      ["holiday", null, null],
      ["weekend", null, null],
      ["weekend", null, null],
      ["open", "2026-12-27T22:00:00.000Z", "2026-12-28T22:00:00.000Z"],
    ]);
  });

  test("of crypto is every UTC day, and its holidays are known for ever", async () => {
    const { data, holidays_known } = await calendarOf("binance", "?from=2026-12-25&to=2026-12-27");
    expect(data.map((day) => [day.status, day.opens_at, day.closes_at])).toEqual([
      ["open", "2026-12-25T00:00:00.000Z", "2026-12-26T00:00:00.000Z"],
      ["open", "2026-12-26T00:00:00.000Z", "2026-12-27T00:00:00.000Z"],
    ]);
    expect(holidays_known).toEqual({ from: "1900-01-01", to: "2200-01-01" });
  });

  test("of old days has the closures that no rule yields", async () => {
    const { data } = await calendarOf("NASDAQ", "?from=2012-10-29&to=2012-10-31");
    expect(data.map((day) => [day.status, day.name])).toEqual([
      ["holiday", "Hurricane Sandy"],
      ["holiday", "Hurricane Sandy"],
    ]);
  });

  test("beyond the years that are known is open on weekdays, and says which are known", async () => {
    const { data, holidays_known } = await calendarOf("JSE", "?from=2028-12-25&to=2028-12-26");
    expect(data).toMatchObject([{ status: "open", name: null }]);
    expect(holidays_known.to < data[0].date).toBe(true);
  });

  test("without dates begins today on the exchange's clocks and has thirty days after it", async () => {
    const now = Date.now();
    const { data } = await calendarOf("JSE");
    expect(data).toHaveLength(31);
    const today = (time: number) => new Date(time + 2 * 3_600_000).toISOString().slice(0, 10);
    expect([today(now), today(Date.now())]).toContain(data[0].date);
    const dates = data.map((day) => Date.parse(day.date));
    expect(dates.every((date, i) => date === dates[0] + i * DAY_MS)).toBe(true);
  });

  test.each(EXCHANGE_CODES)(
    "of %s agrees with what /exchanges says of now, of the next opening and of the next close",
    async (code) => {
      const { data: exchanges } = await read("/exchanges?detail=true", Exchanges);
      const exchange = exchanges.find((each) => each.code === code);
      const now = Date.now();
      const iso = (days: number) => new Date(now + days * DAY_MS).toISOString().slice(0, 10);
      const { data } = await calendarOf(code, `?from=${iso(-3)}&to=${iso(14)}`);
      const sessions = data.flatMap(({ opens_at, closes_at }) =>
        opens_at === null || closes_at === null ? [] : [{ opens: Date.parse(opens_at), closes: Date.parse(closes_at) }],
      );
      const current = sessions.some(({ opens, closes }) => opens <= now && now < closes);
      expect(exchange?.is_open).toBe(current);
      expect(exchange?.status === "open").toBe(current);
      // Sessions that follow without a pause are one opening and one close.
      const pauses = sessions.flatMap(({ closes }, i) => {
        const following = sessions[i + 1];
        return following && following.opens > closes ? [{ closes, opens: following.opens }] : [];
      });
      const at = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
      expect(exchange?.next_close).toBe(at(pauses.find(({ closes }) => closes > now)?.closes));
      expect(exchange?.next_open).toBe(at(pauses.find(({ opens }) => opens > now)?.opens));
    },
  );

  test.each([
    ["?from=2026-11-20T00:00:00Z", "from", "must be a date such as 2026-11-22"],
    ["?from=2026-02-30", "from", "names a day or an hour that does not exist"],
    ["?from=1899-12-31", "from", "must be between 1900 and 2200"],
    ["?from=2026-11-20&to=2026-11-20", "from", "must be before to"],
    ["?to=2001-01-01", "from", "must be before to, and is today unless given"],
    ["?from=2000-01-01&to=2028-01-01", "to", "must be at most 1000 days after from, which is 2002-09-27 or earlier"],
    ["?format=csv", "format", "must be json or ics"],
    ["?until=2026-11-20", "until", "is not a parameter of this route"],
  ])("refuses %s and says what would be right", async (query, path, message) => {
    const problem = await problemOf(await call(`/exchanges/NYSE/calendar${query}`), "request.invalid");
    expect(problem.errors).toMatchObject([{ in: "query", path, message }]);
  });

  test("of an exchange that there is not is 404 and lists those that there are", async () => {
    const problem = await problemOf(await call("/exchanges/LSE/calendar"), "route.not_found");
    expect(problem.detail).toContain("JSE, NASDAQ, NYSE");
  });

  test("is tagged, may be kept, and answers HEAD", async () => {
    const path = "/exchanges/NYSE/calendar?from=2026-01-01&to=2027-01-01";
    for (const format of ["json", "ics"]) {
      const first = await call(`${path}&format=${format}`);
      await first.arrayBuffer();
      const etag = first.headers.get("ETag") ?? "";
      expect(first.headers.get("Cache-Control")).toMatch(/max-age=300$/);
      const again = await call(`${path}&format=${format}`, { headers: { "If-None-Match": etag } });
      expect(again.status).toBe(304);
      const head = await call(`${path}&format=${format}`, { method: "HEAD" });
      expect([head.status, head.headers.get("ETag"), await head.text()]).toEqual([200, etag, ""]);
    }
  });
});

describe("format=ics", () => {
  const icsOf = async (code: string, query: string) => {
    const response = await call(`/exchanges/${code}/calendar${query}&format=ics`);
    expect(response.headers.get("Content-Type")).toBe("text/calendar; charset=utf-8");
    return response.text();
  };
  const linesOf = (text: string): string[] => text.replaceAll("\r\n ", "").split("\r\n");

  test("has an all-day event for each holiday and half day, and no other", async () => {
    const text = await icsOf("NYSE", "?from=2026-11-01&to=2027-01-01");
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(text.endsWith("END:VCALENDAR\r\n")).toBe(true);
    for (const line of text.split("\r\n")) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    const lines = linesOf(text);
    expect(lines.slice(0, 3)).toEqual(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//WizData//WizData Edge//EN"]);
    expect(lines.filter((line) => line.startsWith("DTSTART"))).toEqual(
      ["20261126", "20261127", "20261224", "20261225"].map((date) => `DTSTART;VALUE=DATE:${date}`),
    );
    expect(lines).toContain("DTEND;VALUE=DATE:20261127");
    expect(lines).toContain("SUMMARY:NYSE closed: Thanksgiving Day");
    expect(lines).toContain("SUMMARY:NYSE closes early: Day after Thanksgiving");
    expect(lines).toContain(
      "DESCRIPTION:NYSE trades from 09:30 to 13:00\\, America/New_York (2026-11-27T14:30:00.000Z to 2026-11-27T18:00:00.000Z).",
    );
    for (const name of ["UID:", "DTSTAMP:", "SUMMARY:", "DESCRIPTION:"]) {
      expect(lines.filter((line) => line.startsWith(name))).toHaveLength(4);
    }
  });

  test("keeps an event's UID and DTSTAMP, whatever is asked for and whenever", async () => {
    const idOf = (text: string) => {
      const lines = linesOf(text);
      const at = lines.findIndex((line) => line.startsWith("UID:2026-12-25"));
      return lines.slice(at, at + 2);
    };
    const first = idOf(await icsOf("JSE", "?from=2026-12-25&to=2026-12-26"));
    expect(first).toEqual(["UID:2026-12-25.jse@wizdata-edge", expect.stringMatching(/^DTSTAMP:\d{8}T\d{6}Z$/)]);
    vi.setSystemTime(Date.now() + 40 * DAY_MS);
    try {
      expect(idOf(await icsOf("JSE", "?from=2026-01-01&to=2027-01-01"))).toEqual(first);
    } finally {
      vi.useRealTimers();
    }
  });

  test("of a market without holidays is a calendar all the same", async () => {
    const lines = linesOf(await icsOf("CRYPTO", "?from=2026-01-01&to=2027-01-01"));
    expect(lines).not.toContain("BEGIN:VEVENT");
    expect(lines).toContain("BEGIN:VTIMEZONE");
  });
});
