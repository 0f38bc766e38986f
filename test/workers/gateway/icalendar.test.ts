import { expect, test } from "vitest";
import { toICalendar } from "../../../workers/http/icalendar.ts";

const event = { uid: "a@b", date: Date.UTC(2026, 1, 28) / 1000, summary: "", description: "" };
const unfolded = (text: string): string => text.replaceAll("\r\n ", "");

test("an iCalendar text escapes backslashes, semicolons, commas and line breaks", () => {
  const text = toICalendar("x", 0, [{ ...event, summary: "a\\b;c,d\r\ne\nf" }]);
  expect(text).toContain("SUMMARY:a\\\\b\\;c\\,d\\ne\\nf\r\n");
  expect(text).toContain("DTSTAMP:19700101T000000Z\r\n");
});

test("an all-day event ends on the next day, over the end of a month", () => {
  expect(toICalendar("x", 0, [event])).toContain("DTSTART;VALUE=DATE:20260228\r\nDTEND;VALUE=DATE:20260301\r\n");
});

test("content lines are folded at 75 octets, within no character", () => {
  const description = "é€😀,".repeat(60);
  const text = toICalendar("x", 0, [{ ...event, description }]);
  const lines = text.split("\r\n");
  for (const line of lines) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
  expect(Math.max(...lines.map((line) => new TextEncoder().encode(line).length))).toBeGreaterThan(70);
  expect(unfolded(text)).toContain(`DESCRIPTION:${description.replaceAll(",", "\\,")}\r\n`);
});
