import { z } from "zod";
import { faultSentence, type InputWords, inputFaults } from "../../../contracts/input-faults.ts";
import type { ProblemCode } from "../../../contracts/problem.ts";
import {
  ACTIONS,
  type ClientMessage,
  ClientMessageSchema,
  MAX_MESSAGE_BYTES,
  type Subscribe,
} from "../../../contracts/stream.ts";
import { IndicatorSpecError } from "../../../core/indicators/indicator-spec-error.ts";
import { parseSpec } from "../../../core/indicators/spec.ts";
import { describeJsonFault } from "../../../core/json-fault.ts";
import { likelyChoice } from "../../../core/words.ts";
import type { Subject } from "./subscription.ts";

/** A message that could not be carried out; its client gets the error and keeps its connection. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** A message that was read, or what is wrong with it; `id` is the client's own, where it gave one. */
export type ReadMessage = { id: unknown } & ({ message: ClientMessage } | { error: MessageError });

const EXAMPLE = '{"action": "subscribe", "symbols": ["BTC/USDT"]}';
const WithAction = z.looseObject({ action: z.string(), id: z.unknown().optional() });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const fault = describeJsonFault(text);
    throw new MessageError("stream.bad_message", `The message is not JSON: ${fault}. An example is ${EXAMPLE}.`);
  }
}

const MAX_DETAIL_CHARACTERS = 300;
const WORDS: InputWords = { unknown: "is not a field of this message" };

/** What is wrong with a message, as a sentence about its first wrong part. */
function sentenceOf(issues: readonly z.core.$ZodIssue[]): string {
  const [fault] = inputFaults(issues, WORDS);
  return faultSentence({ ...fault, path: fault.path.slice(0, MAX_DETAIL_CHARACTERS) }, "The message").slice(
    0,
    2 * MAX_DETAIL_CHARACTERS,
  );
}

/** Deeper messages could not be answered: their `id` is written again. */
const MAX_DEPTH = 50;

function isTooDeep(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((part) => isTooDeep(part, left - 1));
}

function parse(text: string): ReadMessage {
  const read = jsonOf(text);
  if (isTooDeep(read)) {
    const detail = `The message is nested more than ${MAX_DEPTH} levels deep.`;
    return { id: null, error: new MessageError("stream.bad_message", detail) };
  }
  const json = WithAction.safeParse(read);
  if (!json.success) {
    const detail = `A message is an object with an action. An example is ${EXAMPLE}.`;
    return { id: null, error: new MessageError("stream.bad_message", detail) };
  }
  const { action, id } = json.data;
  if (!ACTIONS.some((known) => known === action)) {
    const meant = likelyChoice(action, ACTIONS);
    const hint = meant === null ? "" : ` Did you mean ${meant}?`;
    const detail = `There is no such action. The actions are ${ACTIONS.join(", ")}.${hint}`;
    return { id, error: new MessageError("stream.unknown_action", detail) };
  }
  const message = ClientMessageSchema.safeParse(json.data);
  if (message.success) return { id, message: message.data };
  return { id, error: new MessageError("stream.bad_message", sentenceOf(message.error.issues)) };
}

/** Whether a message is longer than allowed; most are so short that no client need count their bytes. */
export function isTooLarge(data: string | ArrayBuffer): boolean {
  if (typeof data !== "string") return data.byteLength > MAX_MESSAGE_BYTES;
  if (data.length > MAX_MESSAGE_BYTES) return true;
  return data.length * 3 > MAX_MESSAGE_BYTES && new TextEncoder().encode(data).byteLength > MAX_MESSAGE_BYTES;
}

/** Reads what a client sent. */
export function readMessage(data: string | ArrayBuffer): ReadMessage {
  if (typeof data !== "string") {
    const detail = "Messages are JSON in text frames; this one was binary.";
    return { id: null, error: new MessageError("stream.bad_message", detail) };
  }
  try {
    return parse(data);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    return { id: null, error };
  }
}

/**
 * What a message subscribes to, of each of its symbols.
 * @throws MessageError where an indicator is unknown or its parameters are not allowed
 */
export function subjectsOf({ channel, interval, indicators }: Subscribe): Subject[] {
  switch (channel) {
    case "quotes":
      return [{ channel }];
    case "candles":
      return [{ channel, interval }];
    case "indicators": {
      const keys = new Set((indicators ?? []).map(specKey));
      return Array.from(keys, (indicator) => ({ channel, interval, indicator }));
    }
  }
}

function specKey(text: string): string {
  try {
    return parseSpec(text).key;
  } catch (error) {
    if (!(error instanceof IndicatorSpecError)) throw error;
    throw new MessageError(error.code, error.message);
  }
}
