// Loaded into wrangler's processes before anything else. Their stdin is a pipe that their starter holds open: once it closes, the
// starter is gone, however it ended, and the whole process group with all that it has started ends, too.
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  // The first of them leads the group; those that it starts learn from it which that is.
  process.env.WIZDATA_PROCESS_GROUP ??= String(process.pid);
  const group = Number(process.env.WIZDATA_PROCESS_GROUP);
  process.stdin.once("close", () => process.kill(-group, "SIGKILL"));
  process.stdin.resume();
  process.stdin.unref();
}
