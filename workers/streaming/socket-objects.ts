import type { ConnectionAnswer } from "../../contracts/stream.ts";
import { DIRECTORY } from "../../durable-objects/stream-directory/presence.ts";
import type { SocketObject } from "../../durable-objects/stream-directory/stream-directory.ts";
import type { StreamMetrics, StreamStats } from "../../durable-objects/streaming/session-hub.ts";
import { logWarning } from "../../observability/log.ts";
import { callOrUnavailable } from "./call-or-unavailable.ts";

/** What every object that holds sockets can be asked: hubs, and rooms with sockets of their own. */
export interface SocketObjectStub {
  streamStats(): Promise<StreamStats>;
  takeStreamMetrics(): Promise<StreamMetrics>;
  checkAlarm(): Promise<void>;
  listConnections(): Promise<ConnectionAnswer[]>;
  listSubscribers(limit: number): Promise<Record<string, string[]>>;
  broadcast(message: string): Promise<number>;
  closeCaller(caller: string): Promise<number>;
}

/** Objects that are asked at once. */
const MAX_CONCURRENT_CALLS = 100;

function socketObjectOf(env: Env, { kind, name }: SocketObject): SocketObjectStub {
  return kind === "hub" ? env.STREAM_HUB.getByName(name) : env.SYMBOL_ROOM.getByName(name);
}

const listSocketObjects = async (env: Env): Promise<SocketObject[]> => env.STREAM_DIRECTORY.getByName(DIRECTORY).list();

/**
 * Asks every object that holds sockets.
 * @throws ApiError service.unavailable where one of them does not answer
 */
export async function forEachSocketObject<T>(env: Env, call: (holder: SocketObjectStub) => Promise<T>): Promise<T[]> {
  const objects = await callOrUnavailable("The directory of streams", () => listSocketObjects(env));
  const answers: T[] = [];
  for (let i = 0; i < objects.length; i += MAX_CONCURRENT_CALLS) {
    const some = objects.slice(i, i + MAX_CONCURRENT_CALLS);
    const replies = some.map((holder) =>
      callOrUnavailable("A part of the streams", () => call(socketObjectOf(env, holder))),
    );
    answers.push(...(await Promise.all(replies)));
  }
  return answers;
}

/** A caller that answers later than this (milliseconds) counts as not reached. */
const CALL_TIMEOUT_MS = 2_000;

/** What an object answers in time; null where it fails or is late, which is logged and must not trouble the others. */
async function withTimeout<T>(name: string, work: () => Promise<T>): Promise<{ answer: T } | null> {
  const attempt = async () => ({ answer: await work() });
  const late = scheduler.wait(CALL_TIMEOUT_MS).then(() => {
    throw new Error(`no answer within ${CALL_TIMEOUT_MS} ms`);
  });
  try {
    return await Promise.race([attempt(), late]);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("an object of the stream does not answer", { name, cause: error.message });
    return null;
  }
}

/** Asks every object that holds sockets; returns the answers of those that can be reached, and the number of those that cannot. */
export async function forEachReachable<T>(
  env: Env,
  call: (holder: SocketObjectStub) => Promise<T>,
): Promise<{ answers: T[]; unreachable: number }> {
  const known = await withTimeout(DIRECTORY, () => listSocketObjects(env));
  if (!known) return { answers: [], unreachable: 1 };
  const answers: T[] = [];
  for (let i = 0; i < known.answer.length; i += MAX_CONCURRENT_CALLS) {
    const some = known.answer.slice(i, i + MAX_CONCURRENT_CALLS);
    const replies = await Promise.all(
      some.map((each) => withTimeout(each.name, () => call(socketObjectOf(env, each)))),
    );
    answers.push(...replies.flatMap((reply) => (reply ? [reply.answer] : [])));
  }
  return { answers, unreachable: known.answer.length - answers.length };
}
