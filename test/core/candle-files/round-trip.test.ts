import fc from "fast-check";
import { expect, test } from "vitest";
import { DATE_ORDERS, type DateOrder, type Delimiter } from "../../../core/candle-files/types.ts";
import { DAY } from "../../../core/time.ts";
import { readFile } from "./read-file.ts";

/** How a program writes numbers and times. */
interface Writing {
  delimiter: Delimiter;
  decimal: "." | ",";
  thousands: "" | "," | "." | " " | "'";
  dates: "iso" | "compact" | "unix" | "milliseconds" | DateOrder | "words";
  newestFirst: boolean;
  quoted: boolean;
}

const WRITINGS: fc.Arbitrary<Writing> = fc
  .record({
    delimiter: fc.constantFrom<Delimiter>(",", ";", "\t"),
    decimal: fc.constantFrom<"." | ",">(".", ","),
    thousands: fc.constantFrom<Writing["thousands"]>("", ",", ".", " ", "'"),
    dates: fc.constantFrom<Writing["dates"]>("iso", "compact", "unix", "milliseconds", "dmy", "mdy", "ymd", "words"),
    newestFirst: fc.boolean(),
    quoted: fc.boolean(),
  })
  .filter(({ decimal, thousands }) => decimal !== thousands)
  .map((writing) => ({
    ...writing,
    quoted: writing.quoted || [writing.decimal, writing.thousands].includes(writing.delimiter as "," | "."),
  }));

/** Plain decimals, as text. */
const NUMBER = fc
  .tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 1, max: 5 }))
  .map(([whole, fraction, digits]) => `${whole}.${String(fraction).padStart(5, "0").slice(0, digits)}`);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function writeDate(time: number, dates: Writing["dates"]): string {
  const [year, month, day] = new Date(time * 1000).toISOString().slice(0, 10).split("-");
  switch (dates) {
    case "iso":
      return `${year}-${month}-${day}`;
    case "compact":
      return `${year}${month}${day}`;
    case "unix":
      return String(time);
    case "milliseconds":
      return String(time * 1000);
    case "dmy":
      return `${day}/${month}/${year}`;
    case "mdy":
      return `${month}/${day}/${year}`;
    case "ymd":
      return `${year.slice(2)}-${month}-${day}`;
    case "words":
      return `${day}-${MONTHS[Number(month) - 1]}-${year}`;
  }
}

function writeNumber(text: string, { decimal, thousands }: Writing): string {
  const [whole, fraction] = text.split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, thousands)}${decimal}${fraction}`;
}

test("a series that is written in any way reads back digit for digit, with the options that say what it leaves open", () => {
  const closes = fc.array(NUMBER, { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(WRITINGS, closes, fc.integer({ min: 9_000, max: 19_000 }), (writing, numbers, firstDay) => {
      const { delimiter, decimal, dates, newestFirst, quoted } = writing;
      const rows = numbers.map((close, i) => ({ time: (firstDay + i) * DAY, close }));
      const cell = (text: string): string => (quoted ? `"${text}"` : text);
      const written = (newestFirst ? rows.toReversed() : rows).map(({ time, close }) =>
        [writeDate(time, dates), writeNumber(close, writing)].map(cell).join(delimiter),
      );
      const text = [["Date", "Close"].map(cell).join(delimiter), ...written].join("\n");
      const dateOrder = DATE_ORDERS.find((order) => order === dates);
      const read = readFile(text, { market: "CRYPTO", decimal, delimiter, dateOrder });
      const expected = newestFirst ? rows.toReversed() : rows;
      expect(read.rows.map((row) => ("reason" in row ? row.reason : { time: row.time, close: row.close }))).toEqual(
        expected,
      );
      expect([read.first, read.last]).toEqual([rows[0].time, rows[rows.length - 1].time]);
    }),
    { numRuns: 300 },
  );
});
