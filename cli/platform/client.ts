import type { z } from "zod";
import {
  type Flags,
  notThePlatformMessage,
  refusalMessage,
  unreachableMessage,
} from "../../scripts/platform-errors.ts";
import { CommandFailure, ItemFailure } from "./failures.ts";

const MAX_ATTEMPTS = 4;
/** Times that a call waits for as long as the platform asks, for a caller has used its share up: an hour of them. */
const MAX_WAITS = 60;
const FIRST_PAUSE_MS = 250;
const TIMEOUT_MS = 60_000;
/** The longest pause that a platform may ask for before a call is given up. */
const MAX_PAUSE_SECONDS = 60;

/** A platform and who asks it. */
export interface Target {
  url: string;
  /** The admin token or an API key; null for a caller without one. */
  token: string | null;
}

/** What an answer says that is no success: of the file where it is at fault, else of the whole command. */
export function refusalOf(url: string, { status, body }: Reply, flags: Flags): ItemFailure | CommandFailure {
  const refusal = status < 400 ? null : refusalMessage(url, body, flags);
  if (refusal === null) {
    return new CommandFailure(notThePlatformMessage(url, `answered with status ${status} and nothing that is known`));
  }
  const isOfFile = status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 429;
  return isOfFile ? new ItemFailure(refusal) : new CommandFailure(refusal);
}

/**
 * Reads an answer of the platform.
 * @param path with its query
 * @throws CommandFailure where the platform cannot be reached or refuses the caller, ItemFailure where what was asked for is not there
 */
export async function read<T extends z.ZodType>(target: Target, path: string, schema: T): Promise<z.output<T>> {
  return (await readTagged(target, path, schema)).data;
}

/** Reads an answer with its entity tag, by which it is known again; null where it has none. */
export async function readTagged<T extends z.ZodType>(
  target: Target,
  path: string,
  schema: T,
): Promise<{ data: z.output<T>; tag: string | null }> {
  const reply = await call(target, path);
  const answer = schema.safeParse(reply.body);
  if (reply.status === 200 && answer.success) return { data: answer.data, tag: reply.tag };
  throw refusalOf(target.url, reply, {});
}

/** Whether an answer is still the one with an entity tag. */
export async function isUnchanged(target: Target, path: string, tag: string): Promise<boolean> {
  const { status } = await call(target, path, { headers: { "If-None-Match": tag } });
  return status === 304;
}

/** What was answered; `body` is null where it is no JSON. */
export interface Reply {
  status: number;
  body: unknown;
  /** Its entity tag; null where it has none. */
  tag: string | null;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How long to wait before the next attempt, milliseconds: as long as the answer asks, else longer each time. */
function pauseBefore(attempt: number, retryAfter: string | null): number {
  const asked = Number(retryAfter ?? 0);
  return asked > 0 && asked <= MAX_PAUSE_SECONDS ? asked * 1_000 : FIRST_PAUSE_MS * 2 ** (attempt - 1);
}

/** What is sent beside the token. */
interface Message {
  /** JSON; then it is a POST. */
  body?: string;
  headers?: Record<string, string>;
}

/**
 * Calls the platform, and again after a failure that may pass.
 * @throws CommandFailure where it cannot be reached
 */
export async function call({ url, token }: Target, path: string, { body, headers }: Message = {}): Promise<Reply> {
  const request = {
    method: body === undefined ? "GET" : "POST",
    body,
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
  };
  let waits = 0;
  for (let attempt = 1; ; attempt++) {
    let retryAfter: string | null = null;
    try {
      const response = await fetch(url + path, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
      // The connection may break here too, and then nothing says whether what was sent has been done.
      const text = await response.text();
      const { status } = response;
      const mayPass = status >= 500 || status === 429;
      if (status === 429 && waits++ < MAX_WAITS) attempt--;
      else if (!mayPass || attempt === MAX_ATTEMPTS)
        return { status, body: parsed(text), tag: response.headers.get("ETag") };
      retryAfter = response.headers.get("Retry-After");
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      if (attempt === MAX_ATTEMPTS) throw new CommandFailure(unreachableMessage(new URL(url).origin));
    }
    await wait(pauseBefore(attempt, retryAfter));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
