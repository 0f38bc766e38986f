import type { ConnectionAnswer } from "../../contracts/stream.ts";
import type { AudienceStats } from "../../durable-objects/audience/audience.ts";
import { DIRECTORY } from "../../durable-objects/stream-directory/presence.ts";
import type { Holder } from "../../durable-objects/stream-directory/stream-directory.ts";

/** What every object that holds sockets can be asked: hubs, and rooms with sockets of their own. */
export interface SocketHolder {
  audienceStats(): Promise<AudienceStats>;
  audienceConnections(): Promise<ConnectionAnswer[]>;
  broadcast(message: string): Promise<number>;
  closeCaller(caller: string): Promise<number>;
}

/** Holders that are asked at once. */
const AT_ONCE = 100;

function holderNamed(env: Env, { kind, name }: Holder): SocketHolder {
  return kind === "hub" ? env.STREAM_HUB.getByName(name) : env.SYMBOL_ROOM.getByName(name);
}

/** Asks every object that holds sockets. */
export async function eachHolder<T>(env: Env, ask: (holder: SocketHolder) => Promise<T>): Promise<T[]> {
  const holders: Holder[] = await env.STREAM_DIRECTORY.getByName(DIRECTORY).holders();
  const answers: T[] = [];
  for (let i = 0; i < holders.length; i += AT_ONCE) {
    const some = holders.slice(i, i + AT_ONCE);
    answers.push(...(await Promise.all(some.map((holder) => ask(holderNamed(env, holder))))));
  }
  return answers;
}
