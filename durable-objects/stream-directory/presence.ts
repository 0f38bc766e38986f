import { logError } from "../../observability/log.ts";
import type { SocketObject } from "./stream-directory.ts";

/** The name of the one directory. */
export const DIRECTORY = "directory";

/** Reports to the directory whether an object holds sockets. A report that was lost is made again by the next heartbeat. */
export async function announcePresence(env: Env, socketObject: SocketObject, isPresent: boolean): Promise<void> {
  const directory = env.STREAM_DIRECTORY.getByName(DIRECTORY);
  try {
    if (isPresent) await directory.add(socketObject);
    else await directory.remove(socketObject);
  } catch (error) {
    logError("the stream directory does not answer", error, { holder: socketObject.name });
  }
}
