/** What the orchestrator asks of the load generator, which is a process of its own. A crowd is all sockets to one server. */
export type Order =
  /** Opens sockets until the crowd has that many. */
  | { order: "open"; crowd: string; url: string; headers: Record<string, string>; sockets: number }
  /** Sends a text on every socket, and waits until each has got a frame of the type that answers it. */
  | { order: "say"; crowd: string; text: string; answer: string }
  /** Waits until events of that many symbols reach every socket, soon after they are due. */
  | { order: "await"; crowd: string; events: number }
  /** Watches the frames whose events, of that many symbols, are due in that many seconds from the next whole second on. */
  | { order: "measure"; crowd: string; seconds: number; events: number }
  /** Lets a share of the sockets never read again. */
  | { order: "silence"; crowd: string; share: number }
  /** Sends a text on every socket that reads, every that many seconds. */
  | { order: "repeat"; crowd: string; text: string; seconds: number }
  | { order: "close"; crowd: string };

/** What a crowd saw of the events that were due while it was measured. */
export interface Measured {
  sockets: number;
  events: number;
  frames: number;
  /** Frames of events that came while it was measured, whenever they were due. */
  received: number;
  /** Frames by the second over the whole span. */
  frames_per_s: number;
  /** Frames by the second of those spans in which some that were due had not come yet: how fast the server is while it has work. */
  busy_frames_per_s: number;
  /** From the second at which an event was due until it came. */
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  /** Frames that some sockets got and others did not. */
  lost: number;
  /** Frames that came twice or before an earlier one. */
  disordered: number;
  /** How much of a processor the load generator used. */
  client_cpu: number;
}

/** The answer to an order. */
export type Report = { done: Measured | null } | { failed: string };
