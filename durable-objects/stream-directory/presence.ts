import { logError } from "../../observability/log.ts";
import type { SocketObject } from "./stream-directory.ts";

/** The name of the one directory. */
export const DIRECTORY = "directory";

/** Sends the directory that an object holds sockets, or holds none any more. A holder that it missed is notified of again by its next heartbeat. */
export async function announcePresence(env: Env, socketObject: SocketObject, isPresent: boolean): Promise<void> {
  const directory = env.STREAM_DIRECTORY.getByName(DIRECTORY);
  try {
    if (isPresent) await directory.add(socketObject);
    else await directory.remove(socketObject);
  } catch (error) {
    logError("the stream directory does not answer", error, { holder: socketObject.name });
  }
}
