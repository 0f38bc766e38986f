import { forEachReachable } from "./socket-objects.ts";

/**
 * Closes what is open on a key that holds no longer. A request asks again who its caller is; a socket does not. An object that does
 * not answer is no reason to leave the others' sockets open.
 */
export async function closeSocketsOfKey(env: Env, prefix: string): Promise<void> {
  await forEachReachable(env, (holder) => holder.closeCaller(`key:${prefix}`));
}
