import type { z } from "zod";
import { shownText } from "../core/words.ts";

/** A part of an input that breaks its schema; `path` is empty where it is the whole. */
export interface InputFault {
  path: string;
  /** What would be right, as the end of a sentence about the part. */
  message: string;
}

/** How messages of a kind of input speak of its form. */
export interface InputWords {
  /** What is said of a field that the schema does not know. */
  unknown: string;
  /** What is said of a list where one value belongs. */
  list?: string;
}

type Issue = z.core.$ZodIssue;

/** How the schemas' library begins a message that no schema gave in its own words. */
const LIBRARY_MESSAGE = /^(?:Invalid|Too (?:big|small)|Unrecognized)\b/;

const TYPES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "a boolean",
  array: "an array",
  object: "an object",
  record: "an object",
  null: "null",
};

const typeName = (type: string): string => TYPES[type] ?? `of the type ${type}`;

const valueName = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A bound of a number, or of how many characters or items there are. */
function boundOf(origin: string, bound: number | bigint, words: string): string {
  if (origin === "string") return `must have ${words} ${bound} character${bound === 1 ? "" : "s"}`;
  if (origin === "array" || origin === "set") return `must have ${words} ${bound} item${bound === 1 ? "" : "s"}`;
  return `must be ${words} ${bound}`;
}

function messageOf(issue: Issue, { list }: InputWords): string {
  if (!LIBRARY_MESSAGE.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type": {
      if (list && issue.message.endsWith("received array")) return list;
      const right = `must be ${typeName(issue.expected)}`;
      return issue.message.endsWith("received undefined") ? `is missing; it ${right}` : right;
    }
    case "invalid_value":
      return issue.values.length === 1
        ? `must be ${valueName(issue.values[0])}`
        : `must be one of ${issue.values.map(valueName).join(", ")}`;
    case "too_small":
      if (issue.exact) return boundOf(issue.origin, issue.minimum, "exactly");
      return boundOf(issue.origin, issue.minimum, issue.inclusive ? "at least" : "more than");
    case "too_big":
      if (issue.exact) return boundOf(issue.origin, issue.maximum, "exactly");
      return boundOf(issue.origin, issue.maximum, issue.inclusive ? "at most" : "less than");
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? `must be one of ${issue.options.join(", ")}`
        : "has an invalid format";
    case "invalid_format":
      return issue.format === "datetime"
        ? "must be a UTC timestamp, e.g. 2026-11-20T14:30:00Z"
        : "has an invalid format";
    default:
      return "has an invalid format";
  }
}

const MISSING = /^is missing|received undefined$/;

/** Fields that an input lacks or has too many: how far it is from being of a form at all. */
function countMismatchedFields(issues: readonly Issue[]): number {
  return issues.reduce((count, issue) => {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) return count + issue.keys.length;
    return count + (issue.path.length === 1 && MISSING.test(issue.message) ? 1 : 0);
  }, 0);
}

/** Whether an input with the issues `a` is nearer to its form than one with the issues `b`. */
function fitsBetter(a: readonly Issue[], b: readonly Issue[]): boolean {
  const difference = countMismatchedFields(a) - countMismatchedFields(b);
  return difference === 0 ? a.length < b.length : difference < 0;
}

const joinPath = (path: readonly PropertyKey[]): string => shownText(path.map(String).join("."), MAX_PATH_CHARACTERS);

/** The form that an input was meant to have; null where it is of none, and the schema has words of its own for that. */
function intendedForm(issue: Issue): readonly Issue[] | null {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return null;
  const best = issue.errors.reduce((a, b) => (fitsBetter(b, a) ? b : a));
  const isOfNone = best.some(({ path }) => path.length === 0);
  return isOfNone && !LIBRARY_MESSAGE.test(issue.message) ? null : best;
}

/** Faults that an error lists; how many more there are is said beside them. */
export const MAX_LISTED_FAULTS = 20;
const MAX_PATH_CHARACTERS = 100;

/** How many faults some issues are. */
export function countFaults(issues: readonly Issue[]): number {
  return issues.reduce((count, issue) => {
    const intended = intendedForm(issue);
    if (intended) return count + countFaults(intended);
    return count + (issue.code === "unrecognized_keys" ? issue.keys.length : 1);
  }, 0);
}

/** The first parts of an input that broke its schema, each with what would be right. */
export function inputFaults(issues: readonly Issue[], words: InputWords): InputFault[] {
  return issues
    .slice(0, MAX_LISTED_FAULTS)
    .flatMap((issue) => {
      const intended = intendedForm(issue);
      if (intended) {
        return inputFaults(intended, words).map(({ path, message }) => ({
          path: [joinPath(issue.path), path].filter((part) => part !== "").join("."),
          message,
        }));
      }
      if (issue.code === "unrecognized_keys") {
        return issue.keys
          .slice(0, MAX_LISTED_FAULTS)
          .map((key) => ({ path: joinPath([...issue.path, key]), message: words.unknown }));
      }
      return [{ path: joinPath(issue.path), message: messageOf(issue, words) }];
    })
    .slice(0, MAX_LISTED_FAULTS);
}

/** A fault as a sentence; `whole` is what the input as a whole is called. */
export function faultSentence({ path, message }: InputFault, whole: string): string {
  const subject = path === "" ? whole : path;
  return `${subject}${/^[a-z]/.test(message) ? "" : ":"} ${message}`.replace(/[^.?!]$/, "$&.");
}
