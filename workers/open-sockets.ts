/** Closes every open socket that a key opened. */
type CloseSockets = (env: Env, prefix: string) => Promise<void>;

/** Everything that holds sockets open. */
const HOLDERS: readonly CloseSockets[] = [];

/** Closes what is open on a key that holds no longer. A request asks anew who its caller is; a socket does not. */
export async function closeSocketsOfKey(env: Env, prefix: string): Promise<void> {
  await Promise.all(HOLDERS.map((close) => close(env, prefix)));
}
