import { CATALOG } from "../../core/indicators/catalog.ts";
import {
  CATEGORIES,
  type Convergence,
  type IndicatorDefinition,
  type Parameter,
} from "../../core/indicators/indicator.ts";
import { type IndicatorSpec, parseSpec } from "../../core/indicators/spec.ts";
import { exampleCandles, table, workedExample } from "./example.ts";

const INTRODUCTION = `# Indicators

This page is generated from the catalogue (\`core/indicators/catalog.ts\`) by \`node tools/indicator-docs.ts\`.

A spec is \`NAME\`, \`NAME:p1:p2\` or \`NAME:fast=12:slow=26\`; parameters are plain decimals. Where an indicator takes a
source, \`source=\` names the series it reads: close (the default), open, high, low, hl2, hlc3 or ohlc4.

In formulas x[1] is the value of the candle before, x[k] that of k candles ago. Values that are not defined are null: in the warm-up; while a
null field is in the window; where a flat window would be divided by zero. A recursive average starts again after a null.
**Warm-up** is the number of candles before the first value, **settled** says after how many candles of history, or since when, a value no
longer depends on where the history begins, to a relative 1e-9; both for the default parameters.

## The candles of the worked examples`;

/** The text of docs/indicators.md. */
export function indicatorDocs(): string {
  const sections = CATEGORIES.flatMap((category) => [
    `## ${category[0].toUpperCase()}${category.slice(1)}`,
    ...CATALOG.filter((definition) => definition.category === category).map(section),
  ]);
  return `${[INTRODUCTION, exampleCandles(), ...sections].join("\n\n")}\n`;
}

function section(definition: IndicatorDefinition): string {
  const { name, description, formula, reference, algorithm, example } = definition;
  return [
    `### ${name}`,
    description,
    formula
      .split("\n")
      .map((line) => `- ${line}`)
      .join("\n"),
    table(["", ""], factsOf(definition)),
    `Source: ${reference}.`,
    `Algorithm \`${algorithm}\`. Example \`${example}\`:`,
    workedExample(definition),
  ].join("\n\n");
}

function factsOf(definition: IndicatorDefinition): string[][] {
  const spec = parseSpec(definition.name);
  const parameters = definition.parameters.map(parameterText);
  if (definition.takesSource) parameters.push("source (close)");
  return [
    ["parameters", parameters.join("; ") || "none"],
    ["outputs", definition.outputs.join(", ")],
    ["warm-up", warmUpText(spec)],
    ["settled", convergenceText(definition.convergence(spec.numbers, spec.choices))],
  ];
}

function parameterText(parameter: Parameter): string {
  if ("values" in parameter) return `${parameter.name} (${parameter.default}): ${parameter.values.join(", ")}`;
  const { name, min, max, integer } = parameter;
  return `${name} (${parameter.default}): ${integer ? "whole number" : "decimal"} from ${min} to ${max}`;
}

/** The warm-up with the default parameters: one number where all outputs have the same. */
function warmUpText({ definition, numbers }: IndicatorSpec): string {
  const warmUp = definition.warmUp(numbers);
  const same = warmUp.every((candles) => candles === warmUp[0]);
  return same ? String(warmUp[0]) : warmUp.map((candles, i) => `${definition.outputs[i]} ${candles}`).join(", ");
}

function convergenceText(convergence: Convergence): string {
  return "candles" in convergence ? `after ${convergence.candles} candles` : `since the ${convergence.since}`;
}
