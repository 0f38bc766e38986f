import "./http/log-level.ts";
import { app } from "./gateway/app.ts";
import { consumeBatch } from "./ingestion/queue.ts";
import { runScheduled } from "./ingestion/scheduled.ts";

export { ProviderGate } from "../durable-objects/provider-gate/provider-gate.ts";
export { StreamDirectory } from "../durable-objects/stream-directory/stream-directory.ts";
export { StreamHub } from "../durable-objects/stream-hub/stream-hub.ts";
export { SymbolRoom } from "../durable-objects/symbol-room/symbol-room.ts";
export { Telemetry } from "../durable-objects/telemetry/telemetry.ts";
export { TicketOffice } from "../durable-objects/ticket-office/ticket-office.ts";
export { UsageMeter } from "../durable-objects/usage-meter/usage-meter.ts";

export default {
  fetch: app.fetch,
  scheduled: runScheduled,
  queue: consumeBatch,
} satisfies ExportedHandler<Env>;
