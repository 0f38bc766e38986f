/** What is measured: its kind, what it says, and by what it is distinguished. Never by symbol or by key: those have no bound. */
export interface Metric {
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels: readonly string[];
  /** Of histograms: the buckets' upper bounds, ascending, in the metric's unit. */
  buckets?: readonly number[];
}

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const WAIT_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900] as const;

/** Every metric of /metrics, as Prometheus names things: base units, counters that end in `_total`. */
export const METRICS = {
  wizdata_build_info: {
    type: "gauge",
    help: "Always 1; the labels say which version answers, and in which mode.",
    labels: ["version", "mode"],
  },
  wizdata_requests_total: {
    type: "counter",
    help: "Requests answered, by the route's pattern.",
    labels: ["method", "route", "status"],
  },
  wizdata_request_duration_seconds: {
    type: "histogram",
    help: "Time from a request's arrival to its answer, as the Worker sees it.",
    labels: ["route"],
    buckets: LATENCY_BUCKETS,
  },
  wizdata_unexpected_errors_total: {
    type: "counter",
    help: "Faults that no one expected; each is one line at level error.",
    labels: ["route"],
  },
  wizdata_cache_answers_total: {
    type: "counter",
    help: "Reads by the tier that answered: memory, kv, room or provider.",
    labels: ["tier"],
  },
  wizdata_quotes_served_total: {
    type: "counter",
    help: "Quotes that were answered, alone or in a batch.",
    labels: ["provider", "freshness"],
  },
  wizdata_indicators_calculated_total: {
    type: "counter",
    help: "Indicator series that were calculated; those from a cache are not.",
    labels: ["indicator"],
  },
  wizdata_provider_calls_total: {
    type: "counter",
    help: "Tries at an upstream by outcome: ok, nothing (it was not reached, by our own decision), or why it failed.",
    labels: ["provider", "family", "outcome"],
  },
  wizdata_provider_call_duration_seconds: {
    type: "histogram",
    help: "Time that a try at an upstream took.",
    labels: ["provider", "family"],
    buckets: LATENCY_BUCKETS,
  },
  wizdata_guard_failures_total: {
    type: "counter",
    help: "Times that a rate-limit guard did not answer, and its caller passed.",
    labels: [],
  },
  wizdata_provider_breaker_state: {
    type: "gauge",
    help: "1 for the state in which a family's breaker is: closed, open or half_open.",
    labels: ["provider", "family", "state"],
  },
  wizdata_provider_budget_left: {
    type: "gauge",
    help: "Calls that an upstream's budget still allows in the window.",
    labels: ["provider", "window"],
  },
  wizdata_provider_budget_limit: {
    type: "gauge",
    help: "Calls that an upstream's budget allows in the window.",
    labels: ["provider", "window"],
  },
  wizdata_provider_waiting: {
    type: "gauge",
    help: "Questions that wait at an upstream's gate.",
    labels: ["provider"],
  },
  wizdata_ingestion_messages_total: {
    type: "counter",
    help: "Messages of the ingestion queue by what came of them: done, retried or dead.",
    labels: ["kind", "outcome"],
  },
  wizdata_ingestion_lag_seconds: {
    type: "histogram",
    help: "Time from a message's enqueueing to its work being done.",
    labels: ["kind"],
    buckets: WAIT_BUCKETS,
  },
  wizdata_queue_age_seconds: {
    type: "histogram",
    help: "Time that a message waited in the queue.",
    labels: ["kind"],
    buckets: WAIT_BUCKETS,
  },
  wizdata_quality_decisions_total: {
    type: "counter",
    help: "Prices and candles that the data-quality checks doubted, by check; rooms say them with their answers.",
    labels: ["kind", "check"],
  },
  wizdata_stream_connections: {
    type: "gauge",
    help: "Open stream connections.",
    labels: [],
  },
  wizdata_stream_subscriptions: {
    type: "gauge",
    help: "Subscriptions of open stream connections.",
    labels: [],
  },
  wizdata_stream_holders_unreachable: {
    type: "gauge",
    help: "Hubs and rooms with sockets that did not answer this scrape: while it is not 0, connections may be too few.",
    labels: [],
  },
  wizdata_stream_frames_total: {
    type: "counter",
    help: "Frames sent to stream clients.",
    labels: [],
  },
  wizdata_stream_resumes_total: {
    type: "counter",
    help: "Subscriptions that named a position, by outcome: recovered, or snapshot where it was too far back.",
    labels: ["outcome"],
  },
  wizdata_stream_closed_total: {
    type: "counter",
    help: "Stream connections that were closed from here, by close code: 4008 slow consumer, 1013 overload, 1008 policy.",
    labels: ["code"],
  },
  wizdata_stream_refusals_total: {
    type: "counter",
    help: "Sockets, subscriptions and histories that were refused: overloaded, or share where a caller has its own.",
    labels: ["reason"],
  },
  wizdata_stream_loaded_objects: {
    type: "gauge",
    help: "Hubs and rooms with sockets that are under load, by what they no longer do.",
    labels: ["level"],
  },
  wizdata_stream_unacknowledged_bytes: {
    type: "gauge",
    help: "What clients that lag have not acknowledged, over all hubs and rooms.",
    labels: [],
  },
  wizdata_telemetry_batches_total: {
    type: "counter",
    help: "Batches of measurements that reached Telemetry.",
    labels: [],
  },
  wizdata_telemetry_dropped_total: {
    type: "counter",
    help: "Measurements that were not kept because an isolate had too many series.",
    labels: [],
  },
  wizdata_telemetry_shards_unreachable: {
    type: "gauge",
    help: "Shards of Telemetry that did not answer this scrape: while it is not 0, counters may be too low.",
    labels: [],
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

type OfType<T extends Metric["type"]> = {
  [N in MetricName]: (typeof METRICS)[N]["type"] extends T ? N : never;
}[MetricName];

export type CounterName = OfType<"counter">;
export type GaugeName = OfType<"gauge">;
export type HistogramName = OfType<"histogram">;

/** A metric's labels and their values. */
export type LabelsOf<N extends MetricName> = Record<(typeof METRICS)[N]["labels"][number], string>;

export const isMetricName = (name: string): name is MetricName => Object.hasOwn(METRICS, name);

/** The upper bounds of a histogram's buckets; the last one, +Inf, is not named. */
export function bucketsOf(name: MetricName): readonly number[] {
  const metric: Metric = METRICS[name];
  return metric.buckets ?? [];
}
