import { describe, expect, it } from "vitest";
import { IndicatorSpecError } from "../../../core/indicators/indicator-spec-error.ts";
import { parametersOf, parseSpec } from "../../../core/indicators/spec.ts";

function refusal(text: string): IndicatorSpecError {
  try {
    parseSpec(text);
  } catch (error) {
    if (error instanceof IndicatorSpecError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted.`);
}

describe("a spec", () => {
  it("is a name in either case, whose key is what was asked in lower case", () => {
    expect(parseSpec("RSI").key).toBe("rsi");
    expect(parseSpec(" rsi ").key).toBe("rsi");
    expect(parseSpec("MACD:12:26:9").key).toBe("macd:12:26:9");
    expect(parseSpec("Macd:Fast=12").definition.name).toBe("MACD");
  });

  it("takes values in order, by name, or both", () => {
    expect(parseSpec("MACD").numbers).toEqual({ fast: 12, slow: 26, signal: 9 });
    expect(parseSpec("MACD:5:35:5").numbers).toEqual({ fast: 5, slow: 35, signal: 5 });
    expect(parseSpec("MACD:slow=30:fast=10").numbers).toEqual({ fast: 10, slow: 30, signal: 9 });
    expect(parseSpec("MACD:5:signal=4:35").numbers).toEqual({ fast: 5, slow: 35, signal: 4 });
    expect(parseSpec("BOLLINGER:20:2.5").numbers).toEqual({ period: 20, deviations: 2.5 });
    expect(parseSpec("KELTNER:20:1.5:14").numbers).toEqual({ period: 20, multiplier: 1.5, atr: 14 });
  });

  it("reads two values of STOCHASTIC as k and d, three as k, smooth and d", () => {
    expect(parseSpec("STOCHASTIC").numbers).toEqual({ k: 14, smooth: 1, d: 3 });
    expect(parseSpec("STOCHASTIC:5").numbers).toEqual({ k: 5, smooth: 1, d: 3 });
    expect(parseSpec("STOCHASTIC:5:4").numbers).toEqual({ k: 5, smooth: 1, d: 4 });
    expect(parseSpec("STOCHASTIC:14:2:4").numbers).toEqual({ k: 14, smooth: 2, d: 4 });
    expect(parseSpec("STOCHASTIC:k=9:smooth=3").numbers).toEqual({ k: 9, smooth: 3, d: 3 });
  });

  it("takes a price source where it reads one series", () => {
    expect(parseSpec("SMA:20").source).toBe("close");
    expect(parseSpec("SMA:source=HLC3:20").source).toBe("hlc3");
    expect(parametersOf(parseSpec("SMA:5:source=hl2"))).toEqual({ period: 5, source: "hl2" });
    expect(parametersOf(parseSpec("SMA:5"))).toEqual({ period: 5 });
    expect(refusal("SMA:source=vwap").message).toContain("close, open, high, low, hl2, hlc3, ohlc4");
    expect(refusal("ATR:source=open").message).toContain("not one of its parameters: period");
  });

  it("takes a choice by name or by position", () => {
    expect(parseSpec("VWAP").choices).toEqual({ anchor: "session" });
    expect(parseSpec("VWAP:Week").choices).toEqual({ anchor: "week" });
    expect(parseSpec("VWAP:anchor=first").choices).toEqual({ anchor: "first" });
    expect(refusal("VWAP:year").message).toContain("session, week, month, first");
  });

  it("is refused with a name that nothing has, and the names that were perhaps meant", () => {
    expect(refusal("RSJ").code).toBe("indicator.unknown");
    expect(refusal("RSJ").suggestions).toContain("RSI");
    expect(refusal("BBANDS").suggestions).toEqual(["BOLLINGER"]);
    expect(refusal("stoch").suggestions).toEqual(["STOCHASTIC"]);
    expect(refusal("WILLIAMS").suggestions).toContain("WILLIAMS_R");
    expect(refusal("XYZZYPLUGH").suggestions).toEqual([]);
    expect(refusal("").code).toBe("indicator.unknown");
    expect(refusal("constructor").code).toBe("indicator.unknown");
  });

  it("is refused with a parameter that the indicator does not have, or has twice, or one too many", () => {
    expect(refusal("RSI:length=14").message).toBe(
      'RSI: length is "14"; it is not one of its parameters: period, source.',
    );
    expect(refusal("RSI:14:period=9").message).toContain("must be given once");
    expect(refusal("RSI:14:9").message).toBe("RSI takes at most 1: period; 2 were given.");
    expect(refusal("OBV:14").message).toBe("OBV takes no parameters; 1 were given.");
    expect(refusal("RSI:").parameter).toBe("period");
    expect(refusal("RSI:__proto__=1").parameter).toBe("__proto__");
  });

  it("is refused with values that do not fit each other, naming what would", () => {
    expect(refusal("MACD:26:12").message).toBe('MACD: fast is "26"; it must be from 1 to 11, below slow (12).');
    expect(refusal("PPO:fast=26").parameter).toBe("fast");
    expect(refusal("PSAR:0.5:0.2").parameter).toBe("step");
  });

  it("reads plain decimals only", () => {
    for (const text of ["1e1", "+5", "0x5", " ", "5.", ".5", "1_0", "٥"]) {
      expect(refusal(`BOLLINGER:20:${text}`).parameter).toBe("deviations");
    }
  });
});
