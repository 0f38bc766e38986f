import { eachHolder } from "./streaming/holders.ts";

/** Closes what is open on a key that holds no longer. A request asks anew who its caller is; a socket does not. */
export async function closeSocketsOfKey(env: Env, prefix: string): Promise<void> {
  await eachHolder(env, (holder) => holder.closeCaller(`key:${prefix}`));
}
