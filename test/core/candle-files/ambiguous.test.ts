import { describe, expect, test } from "vitest";
import { CandleFileError } from "../../../core/candle-files/types.ts";
import { lines, readFile } from "./read-file.ts";

const HEADER = "time,open,high,low,close,volume";

/** A file of two columns. */
const closes = (...rows: string[]): string => ["time,close", ...rows].join("\n");

describe("what a file leaves open is asked for", () => {
  test.each([
    ["day or month", closes("03/04/2024,1", "05/06/2024,2"), {}, "--date-order dmy"],
    ["day or month, with points", closes("03.04.2024,1", "05.06.2024,2"), {}, "--date-order mdy"],
    ["both orders", closes("13/04/2024,1", "04/13/2024,2"), {}, "--date-order"],
    ["the zone of hours", closes("2024-01-02 09:30,1"), { interval: "1h" as const }, "--timezone exchange"],
    ["the zone's own name", closes("2024-01-02 09:30,1"), { interval: "1h" as const }, "America/New_York"],
    ["an interval of days", closes("2024-01-02,1"), { interval: "1h" as const }, "--interval 1d"],
    ["mixed decimals", "time;close\n2024-01-02;101,56\n2024-01-03;101.62\n", {}, "--decimal"],
    ["a comma of thousands or decimals", "time;close\n2024-01-02;1,234\n2024-01-03;1,235\n", {}, "--decimal"],
    ["weeks from Sunday", closes("2024-01-07,1", "2024-01-14,2"), { interval: "1w" as const }, "--week-start sunday"],
    ["weeks from Saturday", closes("2024-01-06,1"), { interval: "1w" as const }, "--week-start saturday"],
    ["weeks that end on Friday", closes("2024-01-05,1"), { interval: "1w" as const }, "--week-start"],
    ["two closes", "date,close,Close\n2024-01-02,1,2\n", {}, "--map close="],
    ["adjusted closes alone", "Date,Adj Close\n2024-01-02,1\n", {}, "--adjusted takes them"],
    ["adjusted closes that are not there", closes("2024-01-02,1"), { adjusted: true }, "--adjustment instead"],
    ["which column is the close", "date,settlement\n2024-01-02,1\n", {}, "--map time=Date"],
    ["no names and an unusual order", "2024-01-02,1,2,3,1\n2024-01-03,1,2,3,1\n", {}, "--map time=1"],
    ["a spreadsheet's days", closes("45293,1", "45294,2"), {}, "spreadsheet"],
    ["a zone that is none", closes("2024-01-02,1"), { timezone: "Mars/Olympus" }, "--timezone is"],
    [
      "a column that is not there",
      closes("2024-01-02,1"),
      { map: new Map([["close", "Last"]] as const) },
      "--map close=Last",
    ],
  ])("%s", (_, text, options, message) => {
    expect(() => readFile(text, options)).toThrow(CandleFileError);
    expect(() => readFile(text, options)).toThrow(message);
  });
});

describe("an option says it:", () => {
  test.each([
    ["dmy", ["2024-04-03 ? ? ? 1 ?", "2024-06-05 ? ? ? 2 ?"]],
    ["mdy", ["2024-03-04 ? ? ? 1 ?", "2024-05-06 ? ? ? 2 ?"]],
  ] as const)("--date-order %s", (dateOrder, expected) => {
    expect(lines(closes("03/04/2024,1", "05/06/2024,2"), { dateOrder })).toEqual(expected);
  });

  test.each([
    [",", ["1.234", "1.235"]],
    [".", ["1234", "1235"]],
  ] as const)("--decimal %s", (decimal, expected) => {
    const { rows } = readFile("time;close\n2024-01-02;1,234\n2024-01-03;1,235\n", { decimal });
    expect(rows.map((row) => "close" in row && row.close)).toEqual(expected);
  });

  test("--decimal, and a number with the other sign is left for the platform to refuse by name", () => {
    const { rows } = readFile("time;close\n2024-01-02;101,56\n2024-01-03;101.62\n", { decimal: "," });
    expect(rows).toMatchObject([{ close: "101.56" }, { close: "101.62x".slice(0, 6) }]);
  });

  test.each([
    ["exchange", "2024-07-02T13:30:00Z"],
    ["UTC", "2024-07-02T09:30:00Z"],
    ["Europe/Athens", "2024-07-02T06:30:00Z"],
  ])("--timezone %s", (timezone, time) => {
    expect(lines(closes("2024-07-02 09:30,1"), { interval: "1m", timezone })).toEqual([`${time} ? ? ? 1 ?`]);
  });

  test("--week-start sunday: each is the week of the Monday after", () => {
    const options = { interval: "1w", weekStart: "sunday" } as const;
    expect(lines(closes("2024-01-07,1", "2024-01-14,2"), options)).toEqual([
      "2024-01-08 ? ? ? 1 ?",
      "2024-01-15 ? ? ? 2 ?",
    ]);
  });

  test("--map by names, also of a file whose names say something else", () => {
    const map = new Map([
      ["time", "When"],
      ["close", "adj close"],
    ] as const);
    expect(lines("When,Adj Close,Close\n2024-01-02,1,2\n", { map })).toEqual(["2024-01-02 ? ? ? 1 ?"]);
  });

  test("--map by numbers of a file without names", () => {
    const map = new Map([
      ["time", "2"],
      ["close", "1"],
    ] as const);
    expect(lines("1.5,2024-01-02\n1.6,2024-01-03\n", { map })).toEqual([
      "2024-01-02 ? ? ? 1.5 ?",
      "2024-01-03 ? ? ? 1.6 ?",
    ]);
  });

  test("--adjusted: the adjusted close is the close, and no other price is beside it", () => {
    const text = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,5,6,4,5.5,2.75,100\n";
    expect(lines(text, { adjusted: true })).toEqual(["2024-01-02 ? ? ? 2.75 100"]);
    expect(readFile(text, { adjusted: true }).ignored).toEqual(["Open", "High", "Low", "Close"]);
  });

  test("--unit major: prices are moved by two digits, exactly, and volumes are not", () => {
    const text = `${HEADER}\n2024-01-02,1.234,2,.5,1.005,100\n2024-01-03,1e-3,12345678901234567.89,0.01,1,7\n`;
    expect(lines(text, { unit: "major" })).toEqual([
      "2024-01-02 123.4 200 50 100.5 100",
      "2024-01-03 1e-1 1234567890123456789 1 100 7",
    ]);
  });
});

describe("days may be stamped", () => {
  test.each([
    ["by date", "2024-01-02", "US"],
    ["at midnight without a zone", "2024-01-02 00:00:00", "US"],
    ["at midnight in UTC", "2024-01-02T00:00:00Z", "US"],
    ["at midnight in the exchange's zone", "2024-01-02T05:00:00Z", "US"],
    ["at midnight in the exchange's zone, in unix seconds", "1704171600", "US"],
    ["at midnight in the zone that they say", "2024-01-02 00:00:00+02:00", "JSE"],
    ["at the session's opening", "1704205800", "US"],
    ["at the session's opening by its own clock", "2024-01-02 09:30", "US"],
    ["at the opening of forex, the evening before", "2024-01-01T22:00:00Z", "FOREX"],
    ["at the opening of forex in summer", "1704146400", "FOREX"],
  ] as const)("%s", (_, time, market) => {
    expect(lines(closes(`${time},1`), { market })).toEqual(["2024-01-02 ? ? ? 1 ?"]);
  });

  test("at no other time: the row is refused with the ways there are", () => {
    expect(lines(closes("2024-01-02T13:00:00Z,1"))).toEqual([
      "time is neither a date, nor midnight in UTC or at US (America/New_York), nor the opening of its session",
    ]);
  });

  test("and weeks and months at their first session, where a holiday comes before it", () => {
    // 2024-01-15 was Martin Luther King Jr. Day, 2024-01-01 New Year's Day.
    expect(lines(closes("2024-01-16,1"), { interval: "1w" })).toEqual(["2024-01-15 ? ? ? 1 ?"]);
    expect(lines(closes("2024-01-02,1"), { interval: "1M" })).toEqual(["2024-01-01 ? ? ? 1 ?"]);
    expect(lines(closes("2024-01-03,1"), { interval: "1M" })).toEqual([
      "time 2024-01-03, a Wednesday, does not begin a month",
    ]);
  });
});

describe("an hour of a zone", () => {
  const zone = { market: "CRYPTO", interval: "30m", timezone: "America/New_York" } as const;
  const twice = [
    "2026-11-01 00:30,1",
    "2026-11-01 01:00,2",
    "2026-11-01 01:30,3",
    "2026-11-01 01:00,4",
    "2026-11-01 01:30,5",
    "2026-11-01 02:00,6",
  ];
  const instants = ["04:30", "05:00", "05:30", "06:00", "06:30", "07:00"].map((time) => `2026-11-01T${time}:00Z`);

  test("that happens twice is read in order: the second reading is the later one", () => {
    expect(lines(closes(...twice), zone).map((line) => line.split(" ")[0])).toEqual(instants);
  });

  test("that happens twice is read in order where the newest rows come first", () => {
    expect(lines(closes(...twice.toReversed()), zone).map((line) => line.split(" ")[0])).toEqual(instants.toReversed());
  });

  test("that clocks skip is refused", () => {
    expect(lines(closes("2026-03-08 02:30,1", "2026-03-08 03:00,1"), zone)).toEqual([
      "time 2026-03-08T02:30:00 does not exist in America/New_York: its clocks skip that hour",
      "2026-03-08T07:00:00Z ? ? ? 1 ?",
    ]);
  });
});

describe("rows", () => {
  test("of which a number is not known have none", () => {
    const cells = ["NaN", "N/A", "null", "-", "", "None", "#N/A", "--", "<NA>", "—"];
    const text = [HEADER, ...cells.map((cell, i) => `2024-01-${i + 10},${cell},${cell},${cell},5,${cell}`)].join("\n");
    expect(lines(text, { market: "CRYPTO" }).map((line) => line.slice(11))).toEqual(cells.map(() => "? ? ? 5 ?"));
  });

  test.each([
    ["2024-01-02,5", "has 2 fields where the first line has 6"],
    ["2024-01-02,1,2,3,4,5,6", "has 7 fields where the first line has 6"],
    [`2024-01-02,1,2,3,${"9".repeat(65)},5`, "close has 65 characters"],
    [",1,2,3,4,5", "time is missing"],
    ["yesterday,1,2,3,4,5", 'time is "yesterday", which is no time in a form that is known'],
    ["2024-02-30,1,2,3,4,5", 'time is "2024-02-30", which is no time in a form that is known'],
    ["1850-01-01,1,2,3,4,5", "time lies outside of the years 1900 to 2200"],
  ])("that are none say why: %s", (row, reason) => {
    const { rows } = readFile(`${HEADER}\n2024-01-03,1,2,3,4,5\n${row}\n`);
    expect(rows[1]).toEqual({ line: 3, reason });
  });

  test("of which none has a number are rows all the same", () => {
    const { rows } = readFile(`${HEADER}\n2024-01-02,Infinity,Infinity,Infinity,Infinity,none\n`);
    expect(rows).toMatchObject([{ line: 2, close: "Infinity", volume: null }]);
  });

  test("may end with a delimiter", () => {
    expect(lines(`${HEADER}\n2024-01-03,1,2,0.5,1,5,\n`)).toEqual(["2024-01-03 1 2 0.5 1 5"]);
  });
});

describe("hostile content", () => {
  test.each([
    ["ten thousand columns", `${Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(",")}\n1\n`],
    ["one name ten thousand times", `time,${Array.from({ length: 10_000 }, () => "close").join(",")}\n1\n`],
    ["a name of a million characters", `${"x".repeat(1_000_000)},y\n2024-01-02,1\n`],
    ["control characters", "\u0007time\u0007,\u0000\n2024-01-02,1\n"],
    ["nothing but delimiters", ",,,,,,\n,,,,,,\n"],
    ["formulas", "=cmd(),+1\n=1,2\n"],
  ])("of %s is refused in a short sentence", (_, text) => {
    try {
      readFile(text);
      expect.fail("it was read");
    } catch (error) {
      if (!(error instanceof CandleFileError)) throw error;
      expect(error.message.length).toBeLessThan(600);
      expect(error.message).not.toMatch(/\p{Cc}/u);
      expect(error.message).toMatch(/\.$/);
    }
  });
});
