import { expect, test } from "vitest";
import { z } from "zod";
import { faultSentence, inputFaults } from "../../contracts/input-faults.ts";
import { ClientMessageSchema } from "../../contracts/stream.ts";

const WORDS = { unknown: "is not a field here", list: "must be given once" };

/** All that is wrong with an input, as sentences. */
function sentences(schema: z.ZodType, input: unknown): string[] {
  const issues = schema.safeParse(input).error?.issues ?? [];
  return inputFaults(issues, WORDS).map((fault) => faultSentence(fault, "The body"));
}

test.each<[string, z.ZodType, unknown, string]>([
  ["a number too small", z.number().min(1), 0, "The body must be at least 1."],
  ["a number at an open bound", z.number().gt(1), 1, "The body must be more than 1."],
  ["a number too large", z.number().max(20), 21, "The body must be at most 20."],
  ["a fraction", z.number().int(), 1.5, "The body must be a whole number."],
  ["an empty text", z.string().min(1), "", "The body must have at least 1 character."],
  ["a long text", z.string().max(3), "abcd", "The body must have at most 3 characters."],
  ["an empty list", z.array(z.number()).min(1), [], "The body must have at least 1 item."],
  ["a list of another length", z.array(z.number()).length(2), [1], "The body must have exactly 2 items."],
  ["another word", z.enum(["a", "b"]), "c", "The body must be one of a, b."],
  ["another value", z.literal(5), 6, "The body must be 5."],
  ["an uneven number", z.number().multipleOf(5), 6, "The body must be a multiple of 5."],
  [
    "a text that is no moment",
    z.iso.datetime(),
    "today",
    "The body must be a UTC timestamp, e.g. 2026-11-20T14:30:00Z.",
  ],
  ["a text of another form", z.string().regex(/x/), "y", "The body has an invalid format."],
  ["words of the schema's own", z.string().regex(/x/, "must hold an x"), "y", "The body must hold an x."],
  ["nothing", z.object({ name: z.string() }), {}, "name is missing; it must be a string."],
  [
    "a list where one value belongs",
    z.object({ limit: z.string() }),
    { limit: ["1", "2"] },
    "limit must be given once.",
  ],
  ["no object", z.object({}), null, "The body must be an object."],
])("%s gets an error that says what would be right", (_, schema, input, sentence) => {
  expect(sentences(schema, input)).toEqual([sentence]);
});

test("every field that is unknown is named", () => {
  expect(sentences(z.strictObject({ inner: z.strictObject({}) }), { inner: { a: 1, b: 2 } })).toEqual([
    "inner.a is not a field here.",
    "inner.b is not a field here.",
  ]);
});

test.each([
  [{ max_hz: 99, mode: "conflate" }, "delivery.max_hz must be at most 20."],
  [{ mode: "some" }, "delivery.mode must be one of all, conflate."],
])("a message with the delivery %o gets an error that says what would be right", (delivery, sentence) => {
  const message = { action: "subscribe", symbols: ["BTC/USDT"], delivery };
  expect(sentences(ClientMessageSchema, message)).toEqual([sentence]);
});

test.each([
  [{ epoch: "abc", seq: -1 }, "since.BTC/USDT.seq must be at least 0."],
  [{ epoch: "abc", seq: "1" }, "since.BTC/USDT.seq must be a number."],
  [5, "since.BTC/USDT must be {epoch, seq} for quotes, {time} for bars, with whole numbers."],
])("a message with the position %o gets an error that says what would be right", (position, sentence) => {
  const message = { action: "subscribe", symbols: ["BTC/USDT"], since: { "BTC/USDT": position } };
  expect(sentences(ClientMessageSchema, message)).toEqual([sentence]);
});
