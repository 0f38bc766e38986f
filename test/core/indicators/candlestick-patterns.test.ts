import { describe, expect, it } from "vitest";
import { candlesFrom } from "../../../core/candles.ts";
import { CATALOG } from "../../../core/indicators/catalog.ts";
import { partOfCandles } from "../shared-data.ts";
import { valuesOf } from "./comparison.ts";

/** open, high, low, close */
type Bar = readonly [number, number, number, number];

/** name, value of the example, the example, and candles that miss it narrowly. */
const EXAMPLES: readonly [string, number, readonly Bar[], readonly Bar[]][] = [
  ["DOJI", 100, [[100, 103, 97, 100.05]], [[100, 103, 97, 100.2]]],
  ["DRAGONFLY_DOJI", 100, [[100, 100.05, 95, 100]], [[100, 100.5, 95, 100]]],
  ["GRAVESTONE_DOJI", -100, [[100, 105, 99.95, 100]], [[100, 105, 99, 100]]],
  ["MARUBOZU", 100, [[100, 110, 100, 110]], [[100, 111, 100, 110]]],
  ["MARUBOZU", -100, [[110, 110, 100, 100]], [[110, 110, 99, 100]]],
  ["HAMMER", 100, [[100, 101, 97, 101]], [[100, 102, 97, 101]]],
  ["HAMMER", 100, [[101, 101, 97, 100]], [[101, 101, 99.6, 100]]],
  ["INVERTED_HAMMER", 100, [[100, 104, 100, 101]], [[100, 104, 99, 101]]],
  ["INVERTED_HAMMER", 100, [[101, 104, 100, 100]], [[101, 101.4, 100, 100]]],
  [
    "ENGULFING",
    100,
    [
      [105, 106, 99, 100],
      [99, 108, 98, 107],
    ],
    [
      [105, 106, 99, 100],
      [99, 108, 98, 104],
    ],
  ],
  [
    "ENGULFING",
    -100,
    [
      [100, 106, 99, 105],
      [106, 107, 97, 98],
    ],
    [
      [100, 106, 99, 105],
      [106, 107, 97, 101],
    ],
  ],
  [
    "HARAMI",
    100,
    [
      [110, 111, 99, 100],
      [103, 106, 102, 105],
    ],
    [
      [110, 111, 99, 100],
      [103, 111, 102, 105],
    ],
  ],
  [
    "HARAMI",
    -100,
    [
      [100, 111, 99, 110],
      [107, 108, 104, 105],
    ],
    [
      [100, 111, 99, 110],
      [110.2, 110.5, 104, 105],
    ],
  ],
  [
    "HARAMI_CROSS",
    100,
    [
      [110, 111, 99, 100],
      [105, 106, 104, 105.05],
    ],
    [
      [110, 111, 99, 100],
      [105, 106, 104, 105.5],
    ],
  ],
  [
    "HARAMI_CROSS",
    -100,
    [
      [100, 111, 99, 110],
      [105, 106, 104, 105.05],
    ],
    [
      [100, 111, 99, 110],
      [105, 106, 104, 105.5],
    ],
  ],
  [
    "PIERCING_LINE",
    100,
    [
      [110, 111, 99, 100],
      [98, 107, 97, 106],
    ],
    [
      [110, 111, 99, 100],
      [98, 107, 97, 105],
    ],
  ],
  [
    "DARK_CLOUD_COVER",
    -100,
    [
      [100, 111, 99, 110],
      [112, 113, 102, 104],
    ],
    [
      [100, 111, 99, 110],
      [112, 113, 102, 105],
    ],
  ],
  [
    "MORNING_STAR",
    100,
    [
      [110, 111, 99, 100],
      [97, 98, 95, 96],
      [99, 109, 98.5, 108],
    ],
    [
      [110, 111, 99, 100],
      [97, 98, 95, 96],
      [99, 109, 98.5, 105],
    ],
  ],
  [
    "EVENING_STAR",
    -100,
    [
      [100, 111, 99, 110],
      [113, 115, 112, 114],
      [111, 111.5, 101, 102],
    ],
    [
      [100, 111, 99, 110],
      [113, 115, 112, 114],
      [111, 111.5, 101, 105],
    ],
  ],
  [
    "MORNING_DOJI_STAR",
    100,
    [
      [110, 111, 99, 100],
      [96, 98, 95, 96.05],
      [99, 109, 98.5, 108],
    ],
    [
      [110, 111, 99, 100],
      [96, 98, 95, 97],
      [99, 109, 98.5, 108],
    ],
  ],
  [
    "EVENING_DOJI_STAR",
    -100,
    [
      [100, 111, 99, 110],
      [114, 115, 112, 114.05],
      [111, 111.5, 101, 102],
    ],
    [
      [100, 111, 99, 110],
      [114, 115, 112, 113],
      [111, 111.5, 101, 102],
    ],
  ],
  [
    "ABANDONED_BABY",
    100,
    [
      [110, 111, 99, 100],
      [96, 98, 95, 96.05],
      [99, 109, 98.5, 108],
    ],
    [
      [110, 111, 99, 100],
      [96, 98, 95, 96.05],
      [99, 109, 97.9, 108],
    ],
  ],
  [
    "THREE_WHITE_SOLDIERS",
    100,
    [
      [100, 106, 99, 105],
      [103, 109, 102, 108],
      [106, 113, 105, 112],
    ],
    [
      [100, 106, 99, 105],
      [103, 109, 102, 108],
      [108.5, 113, 105, 112],
    ],
  ],
  [
    "THREE_BLACK_CROWS",
    -100,
    [
      [112, 113, 106, 107],
      [109, 110, 103, 104],
      [106, 107, 99, 100],
    ],
    [
      [112, 113, 106, 107],
      [109, 110, 103, 104],
      [106, 107, 103, 103.5],
    ],
  ],
  [
    "DOWNSIDE_TASUKI_GAP",
    -100,
    [
      [120, 121, 109, 110],
      [107, 108, 101, 102],
      [104, 109.5, 103, 108.5],
    ],
    [
      [120, 121, 109, 110],
      [107, 108, 101, 102],
      [104, 112, 103, 111],
    ],
  ],
];

const candlesOf = (bars: readonly Bar[]) =>
  candlesFrom(
    bars.map(([open, high, low, close], i) => ({
      time: 86_400 * i,
      open,
      high,
      low,
      close,
      volume: null,
      revision: 0,
      suspect: false,
    })),
  );

/** Candles before the pattern that belong to none. */
const LEAD: readonly Bar[] = [
  [100, 102, 98, 101],
  [101, 103, 99, 100.5],
];

/** The pattern's value at the last of the candles. */
function atTheEnd(name: string, bars: readonly Bar[]): number {
  const column = valuesOf(name, candlesOf([...LEAD, ...bars]))[name.toLowerCase()];
  return column[column.length - 1];
}

describe("candlestick patterns", () => {
  it.each(EXAMPLES)("%s is %i on its example and 0 on a near miss", (name, value, example, nearMiss) => {
    expect(atTheEnd(name, example)).toBe(value);
    expect(atTheEnd(name, nearMiss)).toBe(0);
  });

  it("have an example for every form", () => {
    const patterns = CATALOG.filter(({ category }) => category === "pattern").map(({ name }) => name);
    expect(new Set(EXAMPLES.map(([name]) => name))).toEqual(new Set(patterns));
  });

  it("are null until their candles are there and while one of them is unknown", () => {
    const candles = candlesOf([...LEAD, ...LEAD, ...LEAD]);
    candles.open[2] = Number.NaN;
    const values = [...valuesOf("MORNING_STAR", candles).morning_star];
    expect(values.map((value) => Number.isNaN(value))).toEqual([true, true, true, true, true, false]);
  });

  it("name the library as their algorithm, and the five that count touching bodies their own second version", () => {
    const patterns = CATALOG.filter(({ category }) => category === "pattern");
    for (const { category, algorithm } of CATALOG) {
      if (algorithm.includes("technicalindicators")) expect(category).toBe("pattern");
    }
    const own = patterns.filter(({ algorithm }) => !algorithm.includes("technicalindicators"));
    expect(own.map(({ algorithm }) => algorithm).sort()).toEqual(
      ["engulfing", "harami", "harami_cross", "three_black_crows", "three_white_soldiers"].map(
        (name) => `${name}.real_body@2`,
      ),
    );
  });
});

describe("patterns of bodies, where a candle opens at the last close", () => {
  interface Body {
    open: number;
    high: number;
    low: number;
    close: number;
  }

  const top = ({ open, close }: Body): number => Math.max(open, close);
  const bottom = ({ open, close }: Body): number => Math.min(open, close);
  const rises = ({ open, close }: Body): boolean => close > open;
  const falls = ({ open, close }: Body): boolean => close < open;
  const about = (a: number, b: number): boolean =>
    Number(Math.abs(a - b).toPrecision(4)) <= Number((a * 0.001).toPrecision(4));

  /** A body covers another if it reaches as far on both sides, and further on one: TA-Lib's engulfing. */
  const covers = (outer: Body, inner: Body): boolean =>
    top(outer) >= top(inner) &&
    bottom(outer) <= bottom(inner) &&
    top(outer) - bottom(outer) > top(inner) - bottom(inner);

  const harami = (first: Body, second: Body): number => {
    const isInside = covers(first, second) && second.close !== first.close && second.open !== first.open;
    if (!isInside || second.high >= first.high) return 0;
    if (falls(first) && second.low < first.open) return 100;
    return rises(first) && second.low > first.open ? -100 : 0;
  };

  /** From the definitions in Nison's book, with equality on one side. */
  const DEFINITIONS: readonly [string, number, (candles: Body[]) => number][] = [
    [
      "ENGULFING",
      2,
      ([first, second]) => {
        if (!covers(second, first)) return 0;
        if (falls(first) && rises(second)) return 100;
        return rises(first) && falls(second) ? -100 : 0;
      },
    ],
    [
      "THREE_WHITE_SOLDIERS",
      3,
      (three) => {
        const isRise = three.every(rises) && three[0].high < three[1].high && three[1].high < three[2].high;
        return isRise && three[1].open <= three[0].close && three[2].open <= three[1].close ? 100 : 0;
      },
    ],
    [
      "THREE_BLACK_CROWS",
      3,
      (three) => {
        const isFall = three.every(falls) && three[0].low > three[1].low && three[1].low > three[2].low;
        const within = (open: number, before: Body): boolean => open >= before.close && open < before.open;
        return isFall && within(three[1].open, three[0]) && within(three[2].open, three[1]) ? -100 : 0;
      },
    ],
  ];

  /** Real minutes of bitcoin; and the same made to open at the last close, as many exchanges build their candles. */
  const realMinutes = (joined: boolean): Body[] => {
    const minutes = partOfCandles("BTC-USD_1m.csv").map(({ open, high, low, close }) => ({
      ...{ open: Number(open), high: Number(high), low: Number(low), close: Number(close) },
    }));
    return minutes.map((minute, i) => {
      const open = joined && i > 0 ? minutes[i - 1].close : minute.open;
      return { ...minute, open, high: Math.max(minute.high, open), low: Math.min(minute.low, open) };
    });
  };

  const columnsOf = (minutes: readonly Body[]) =>
    candlesFrom(minutes.map((minute, i) => ({ time: i * 60, ...minute, volume: 1, revision: 0, suspect: false })));

  it.each(DEFINITIONS)("finds each %s of the definition in real minutes, and no other", (name, span, definition) => {
    for (const joined of [false, true]) {
      const minutes = realMinutes(joined);
      const values = valuesOf(name, columnsOf(minutes))[name.toLowerCase()];
      const expected = minutes.map((_, i) =>
        i < span - 1 ? Number.NaN : definition(minutes.slice(i - span + 1, i + 1)),
      );
      expect([...values]).toEqual(expected);
      expect(expected.filter((value) => Math.abs(value) === 100).length).toBeGreaterThan(joined ? 10 : 5);
    }
  });

  it("finds haramis at the last close's edge, and harami crosses among them", () => {
    const minutes = realMinutes(true);
    const haramis = valuesOf("HARAMI", columnsOf(minutes)).harami;
    const crosses = valuesOf("HARAMI_CROSS", columnsOf(minutes)).harami_cross;
    const expected = minutes.map((minute, i) => (i === 0 ? Number.NaN : harami(minutes[i - 1], minute)));
    expect([...haramis]).toEqual(expected);
    expect([...crosses]).toEqual(
      expected.map((value, i) => (about(minutes[i].open, minutes[i].close) || i === 0 ? value : 0)),
    );
    expect(expected.filter((value) => value !== 0).length).toBeGreaterThan(50);
  });
});
