import { env } from "cloudflare:workers";
import { setLogLevel } from "../../observability/log.ts";

// Once an isolate, before it serves anything: the Worker's own requests and its objects' alike.
setLogLevel(env.LOG_LEVEL);
