import { logError } from "../../observability/log.ts";
import type { Holder } from "./stream-directory.ts";

/** The name of the one directory. */
export const DIRECTORY = "directory";

/** Tells the directory that an object holds sockets, or holds none any more. A holder that it missed is told of again by its next heartbeat. */
export async function announcePresence(env: Env, holder: Holder, isPresent: boolean): Promise<void> {
  const directory = env.STREAM_DIRECTORY.getByName(DIRECTORY);
  try {
    if (isPresent) await directory.enter(holder);
    else await directory.leave(holder);
  } catch (error) {
    logError("the stream directory does not answer", error, { holder: holder.name });
  }
}
