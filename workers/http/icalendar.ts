import { DAY, isoDate } from "../../core/time.ts";

/** An event of a whole day. */
export interface DayEvent {
  /** Stays the same whenever the calendar is asked for: readers update the event of the same UID. */
  uid: string;
  /** The day, as its 00:00 UTC. */
  date: number;
  summary: string;
  description: string;
}

/** Content lines must not exceed 75 octets, their line break left out (RFC 5545, section 3.1). */
const MAX_LINE_OCTETS = 75;

/** A text as a property's value (RFC 5545, section 3.3.11). */
const escaped = (text: string): string => text.replace(/[\\;,]/g, (sign) => `\\${sign}`).replace(/\r\n|\r|\n/g, "\\n");

const octetsOf = (sign: string): number => new TextEncoder().encode(sign).length;

/** A content line in lines of 75 octets at most, each but the first after a blank; no character is cut. */
function folded(line: string): string {
  const lines = [""];
  let octets = 0;
  for (const sign of line) {
    const length = octetsOf(sign);
    if (octets + length > MAX_LINE_OCTETS) {
      lines.push(" ");
      octets = 1;
    }
    lines[lines.length - 1] += sign;
    octets += length;
  }
  return lines.join("\r\n");
}

/** `20261122` for 00:00 UTC of a date. */
const basicDate = (date: number): string => isoDate(date).replaceAll("-", "");

/** `20261122T150000Z` for unix seconds. */
const basicTime = (time: number): string => `${new Date(time * 1000).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;

/** What an object without events has, for it must have some component (section 3.6). */
const UTC_ZONE = [
  "BEGIN:VTIMEZONE",
  "TZID:UTC",
  "BEGIN:STANDARD",
  "DTSTART:19700101T000000",
  "TZOFFSETFROM:+0000",
  "TZOFFSETTO:+0000",
  "END:STANDARD",
  "END:VTIMEZONE",
];

/**
 * All-day events as an iCalendar object (RFC 5545): CRLF, folded, and with a DTSTAMP that is the same for all.
 * @param name of the calendar, for readers that show one
 * @param stamp when the events were last revised, in unix seconds
 */
export function toICalendar(name: string, stamp: number, events: readonly DayEvent[]): string {
  const lines = events.flatMap(({ uid, date, summary, description }) => [
    "BEGIN:VEVENT",
    `UID:${escaped(uid)}`,
    `DTSTAMP:${basicTime(stamp)}`,
    `DTSTART;VALUE=DATE:${basicDate(date)}`,
    `DTEND;VALUE=DATE:${basicDate(date + DAY)}`,
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped(description)}`,
    "TRANSP:TRANSPARENT",
    "END:VEVENT",
  ]);
  return [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//WizData//WizData Edge//EN",
    "CALSCALE:GREGORIAN",
    `X-WR-CALNAME:${escaped(name)}`,
    ...(events.length > 0 ? lines : UTC_ZONE),
    "END:VCALENDAR",
    "",
  ]
    .map(folded)
    .join("\r\n");
}
