import { distinctSpecs, MAX_SPECS } from "../../contracts/indicator.ts";
import { ApiError, type InputError, type Problem } from "../../contracts/problem.ts";
import { DEFAULT_INDICATORS } from "../../core/indicators/catalog.ts";
import { IndicatorSpecError } from "../../core/indicators/indicator-spec-error.ts";
import { type IndicatorSpec, parseSpec } from "../../core/indicators/spec.ts";
import { shownText } from "../../core/words.ts";

/** Problems by the text that a caller sent, which may be any: `__proto__` is a name like others here. */
export const emptyByText = (): Record<string, Problem> => Object.create(null);

/** The specs that can be calculated, and the problems of the others, by their key. */
export interface ParsedSpecs {
  specs: IndicatorSpec[];
  errors: Record<string, Problem>;
}

function problemOf(text: string, error: IndicatorSpecError, position: InputError["in"]): ApiError {
  const { suggestions, parameter } = error;
  return new ApiError(error.code, error.message, {
    errors: [
      {
        in: position,
        path: parameter === undefined ? shownText(text) : `${shownText(text)}: ${parameter}`,
        message: error.message,
      },
    ],
    extensions: suggestions.length > 0 ? { suggestions } : {},
  });
}

/**
 * Reads the specs of a question; the default ten where it names none. A spec that fails does not fail the others.
 * @param position where in the request they stand
 * @throws ApiError where every one fails
 */
export function parseSpecs(texts: readonly string[] | undefined, position: "query" | "body"): ParsedSpecs {
  const read: ParsedSpecs = { specs: [], errors: emptyByText() };
  const failures: ApiError[] = [];
  for (const text of distinctSpecs(texts ?? DEFAULT_INDICATORS)) {
    try {
      read.specs.push(parseSpec(text));
    } catch (error) {
      if (!(error instanceof IndicatorSpecError)) throw error;
      const problem = problemOf(text, error, position);
      failures.push(problem);
      read.errors[text] = problem.toProblem();
    }
  }
  if (read.specs.length === 0) throw allInvalid(failures);
  return read;
}

/**
 * Specs each of which must be right, since a stream carries all of them or none.
 * @throws ApiError of the first that is wrong
 */
export function requireSpecs(texts: readonly string[], position: "query" | "body"): string[] {
  for (const text of texts) {
    try {
      parseSpec(text);
    } catch (error) {
      throw error instanceof IndicatorSpecError ? problemOf(text, error, position) : error;
    }
  }
  return [...texts];
}

function allInvalid(failures: readonly ApiError[]): ApiError {
  const [first] = failures;
  if (failures.length === 1) return first;
  const errors = failures.flatMap((failure) => failure.toProblem().errors ?? []);
  return new ApiError(first.code, `None of the ${failures.length} indicators can be calculated. ${first.message}`, {
    errors,
  });
}

/** Splits `indicators=RSI,MACD:12:26:9`, also repeated; what stands in parentheses stays whole, for an error that says what is right. */
export function splitSpecs(given: string | readonly string[]): string[] {
  const texts = (typeof given === "string" ? [given] : given).flatMap((part) => part.split(/,(?![^(]*\))/));
  return texts.map((text) => text.trim()).filter((text) => text !== "");
}

export const SPECS_MESSAGE = `must name 1 to ${MAX_SPECS} indicators, such as indicators=RSI,MACD:12:26:9`;
