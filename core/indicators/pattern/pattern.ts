import { convergedAfter } from "../convergence.ts";
import type { IndicatorDefinition, Kernel, KernelInputs } from "../indicator.ts";

/** Candles as the library reads them, oldest first. */
export interface PatternCandles {
  open: number[];
  high: number[];
  low: number[];
  close: number[];
}

/** What the catalogue entry of a pattern is made from. */
export interface PatternOutline {
  readonly name: string;
  readonly description: string;
  /** How many candles the pattern spans. */
  readonly span: number;
  /** The form that speaks for rising prices, or for indecision: 100. */
  readonly bullish?: (candles: PatternCandles) => boolean;
  /** The form that speaks for falling prices: −100. */
  readonly bearish?: (candles: PatternCandles) => boolean;
  /** What is tested, in words. */
  readonly formula: string;
  /** What decides, and its version; unless given, the library's function of that pattern. */
  readonly algorithm?: string;
  readonly reference: string;
}

/** The catalogue entry of a candlestick pattern. */
export function pattern(outline: PatternOutline): IndicatorDefinition {
  const { name, description, span, formula, reference } = outline;
  const { algorithm = `${name.toLowerCase()}.technicalindicators_3.1.0@1` } = outline;
  const warmUp = () => [span - 1];
  return {
    name,
    category: "pattern",
    description,
    parameters: [],
    outputs: [name.toLowerCase()],
    takesSource: false,
    algorithm,
    formula,
    reference,
    example: name,
    warmUp,
    convergence: () => convergedAfter(warmUp()),
    build: (setup) => build(outline, setup),
  };
}

function build({ span, bullish, bearish }: PatternOutline, { memory }: KernelInputs): Kernel {
  const seenAt = memory.reserve(1);
  const window = memory.reserve(4 * span);
  const blank = () => new Array<number>(span).fill(0);
  const shown: PatternCandles = { open: blank(), high: blank(), low: blank(), close: blank() };
  return {
    advance({ length, open, high, low, close }, [output]) {
      const numbers = memory.numbers;
      for (let i = 0; i < length; i++) {
        const known = !Number.isNaN(open[i] + high[i] + low[i] + close[i]);
        numbers[seenAt] = known ? Math.min(numbers[seenAt] + 1, span) : 0;
        numbers.copyWithin(window, window + 4, window + 4 * span);
        const newest = window + 4 * (span - 1);
        numbers[newest] = open[i];
        numbers[newest + 1] = high[i];
        numbers[newest + 2] = low[i];
        numbers[newest + 3] = close[i];
        if (numbers[seenAt] < span) {
          output[i] = Number.NaN;
          continue;
        }
        for (let j = 0; j < span; j++) {
          shown.open[j] = numbers[window + 4 * j];
          shown.high[j] = numbers[window + 4 * j + 1];
          shown.low[j] = numbers[window + 4 * j + 2];
          shown.close[j] = numbers[window + 4 * j + 3];
        }
        if (bullish?.(shown)) output[i] = 100;
        else output[i] = bearish?.(shown) ? -100 : 0;
      }
    },
  };
}
