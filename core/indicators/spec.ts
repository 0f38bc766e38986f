import { shownText } from "../words.ts";
import { indicatorNamed } from "./catalog.ts";
import type { Choices, IndicatorDefinition, Numbers, NumericParameter } from "./indicator.ts";
import { IndicatorSpecError } from "./indicator-spec-error.ts";
import { isPriceSource, PRICE_SOURCES, type PriceSourceName } from "./price-source.ts";
import { nearestNames } from "./suggestions.ts";

/** An indicator with all its parameters known to be allowed. */
export interface IndicatorSpec {
  readonly definition: IndicatorDefinition;
  readonly numbers: Numbers;
  readonly choices: Choices;
  readonly source: PriceSourceName;
  /** The spec as asked, in lower case: the key of its values in an answer. */
  readonly key: string;
}

const PLAIN_DECIMAL = /^-?\d{1,15}(\.\d{1,15})?$/;

/**
 * Reads `NAME`, `NAME:p1:p2` or `NAME:fast=12:slow=26`, with `source=…` where the indicator takes one series. Names are
 * read in either case, numbers as plain decimals. Throws an IndicatorSpecError that names what is wrong.
 */
export function parseSpec(text: string): IndicatorSpec {
  const trimmed = text.trim();
  const [name, ...segments] = trimmed.split(":");
  const definition = indicatorNamed(name.toUpperCase());
  if (definition === undefined) throw unknownIndicator(name);
  const { given, source } = readSegments(definition, segments);
  const numbers: Record<string, number> = {};
  const choices: Record<string, string> = {};
  for (const parameter of definition.parameters) {
    const value = given.get(parameter.name);
    if ("values" in parameter)
      choices[parameter.name] = chosen(definition, parameter.name, parameter.values, value ?? parameter.default);
    else numbers[parameter.name] = numberFor(definition, parameter, value);
  }
  const conflict = definition.validate?.(numbers);
  if (conflict !== undefined) {
    const { parameter, rule } = conflict;
    throw invalid(definition, parameter, String(numbers[parameter]), rule);
  }
  return { definition, numbers, choices, source, key: trimmed.toLowerCase() };
}

/** The values of all parameters by name, as an answer reports them. */
export function parametersOf(spec: IndicatorSpec): Record<string, number | string> {
  const parameters: Record<string, number | string> = { ...spec.numbers, ...spec.choices };
  if (spec.source !== "close") parameters.source = spec.source;
  return parameters;
}

function readSegments(definition: IndicatorDefinition, segments: readonly string[]) {
  const given = new Map<string, string>();
  let source: PriceSourceName = "close";
  const unnamed = segments.filter((segment) => !segment.includes("="));
  const order = definition.positional?.(unnamed.length) ?? definition.parameters.map(({ name }) => name);
  if (unnamed.length > order.length) throw tooMany(definition, order, unnamed.length);
  for (const [name, value] of [
    ...unnamed.map((value, i) => [order[i], value.trim()] as const),
    ...segments.filter((segment) => segment.includes("=")).map(nameAndValue),
  ]) {
    if (given.has(name)) throw invalid(definition, name, value, "must be given once");
    given.set(name, value);
    if (name === "source" && definition.takesSource) source = sourceNamed(definition, value);
    else if (!definition.parameters.some((parameter) => parameter.name === name)) {
      throw invalid(definition, name, value, `is not one of its parameters: ${parameterNames(definition)}`);
    }
  }
  return { given, source };
}

function nameAndValue(segment: string): readonly [string, string] {
  const at = segment.indexOf("=");
  return [segment.slice(0, at).trim().toLowerCase(), segment.slice(at + 1).trim()];
}

/** Whole numbers are also kept as such by the runtime, so that the kernels compute places in arrays from them as integers. */
function numberFor(definition: IndicatorDefinition, parameter: NumericParameter, text: string | undefined): number {
  const value = text === undefined ? parameter.default : numberWithin(definition, parameter, text);
  return parameter.integer ? value | 0 : value;
}

function numberWithin(definition: IndicatorDefinition, parameter: NumericParameter, text: string): number {
  const { min, max, integer, name } = parameter;
  const value = PLAIN_DECIMAL.test(text) ? Number(text) : Number.NaN;
  const fits = value >= min && value <= max && (!integer || Number.isInteger(value));
  if (!fits)
    throw invalid(definition, name, text, `must be a ${integer ? "whole number" : "decimal"} from ${min} to ${max}`);
  return value;
}

function chosen(definition: IndicatorDefinition, name: string, values: readonly string[], text: string): string {
  const value = text.toLowerCase();
  if (!values.includes(value)) throw invalid(definition, name, text, `must be one of ${values.join(", ")}`);
  return value;
}

function sourceNamed(definition: IndicatorDefinition, text: string): PriceSourceName {
  const value = text.toLowerCase();
  if (!isPriceSource(value)) throw invalid(definition, "source", text, `must be one of ${PRICE_SOURCES.join(", ")}`);
  return value;
}

function parameterNames({ parameters, takesSource }: IndicatorDefinition): string {
  const names = [...parameters.map(({ name }) => name), ...(takesSource ? ["source"] : [])];
  return names.length === 0 ? "it has none" : names.join(", ");
}

function invalid({ name }: IndicatorDefinition, parameter: string, value: string, rule: string): IndicatorSpecError {
  return new IndicatorSpecError(
    "indicator.invalid_parameters",
    `${name}: ${shownText(parameter)} is "${shownText(value)}"; it ${rule}.`,
    {
      parameter,
    },
  );
}

function tooMany({ name }: IndicatorDefinition, order: readonly string[], count: number): IndicatorSpecError {
  const allowed = order.length === 0 ? "takes no parameters" : `takes at most ${order.length}: ${order.join(", ")}`;
  return new IndicatorSpecError("indicator.invalid_parameters", `${name} ${allowed}; ${count} were given.`, {});
}

/** A name with its parameters in another notation: `RSI(14)`, `RSI14`, `SMA 20`, `macd_12_26_9`. */
const OTHER_NOTATION = /^([A-Za-z][A-Za-z_]*?)[\s_=-]*[([{]?\s*(\d[\d.]*(?:[\s,;_]+\d[\d.]*)*)\s*[)\]}]?$/;

/** The same in this notation; null if it is none that can be sent. */
function inStandardNotation(text: string): string | null {
  const match = OTHER_NOTATION.exec(text.replace(/\(\s*\)$/, "").trim());
  if (!match)
    return (
      indicatorNamed(
        text
          .replace(/\(\s*\)$/, "")
          .trim()
          .toUpperCase(),
      )?.name ?? null
    );
  const name = match[1].toUpperCase();
  const definition = indicatorNamed(name) ?? indicatorNamed(nearestNames(name)[0] ?? "");
  return definition ? [definition.name, ...match[2].split(/[\s,;_]+/)].join(":") : null;
}

function unknownIndicator(name: string): IndicatorSpecError {
  const suggestion = inStandardNotation(name);
  if (suggestion !== null) {
    const words = `There is no indicator "${shownText(name)}". Parameters follow a colon: did you mean ${suggestion}?`;
    return new IndicatorSpecError("indicator.unknown", words, { suggestions: [suggestion] });
  }
  const suggestions = nearestNames(name.toUpperCase());
  const hint = suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`;
  return new IndicatorSpecError("indicator.unknown", `There is no indicator "${shownText(name)}".${hint}`, {
    suggestions,
  });
}
