import { createRoute, z } from "@hono/zod-openapi";
import type { ProviderStatus } from "../../contracts/admin.ts";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { marketModeOf } from "../../contracts/provider.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { problemResponses } from "../answers.ts";
import { allProviders } from "../gates.ts";
import { createService } from "../service.ts";
import { VERSION } from "./version.ts";

const SERVICES = ["market-data", "symbol-registry", "indicator-engine", "streaming"] as const;

type Service = (typeof SERVICES)[number];
type State = "healthy" | "degraded" | "unhealthy" | "not_available";

/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 2_000;

const StateSchema = z.enum(["healthy", "degraded", "unhealthy", "not_available"]);

const HealthSchema = z
  .object({
    status: z.enum(["healthy", "degraded", "unhealthy"]),
    service: z.string(),
    services: z.object({
      "market-data": StateSchema,
      "symbol-registry": StateSchema,
      "indicator-engine": StateSchema,
      streaming: StateSchema,
    }),
    checks: z.object({
      d1: StateSchema,
      kv: StateSchema,
      durable_objects: StateSchema,
      providers: z.record(z.string(), z.object({ status: StateSchema, detail: z.string().nullable() })),
    }),
    mode: z.enum(["demo", "live"]),
    version: z.string(),
    timestamp: z.string(),
  })
  .openapi("Health");

type Health = z.infer<typeof HealthSchema>;

const described = (description: string) => ({ description, content: { "application/json": { schema: HealthSchema } } });

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  summary: "The platform's state",
  tags: ["Operations"],
  security: [],
  request: { query: NO_QUERY },
  responses: { 200: described("Healthy or degraded"), 503: described("Unhealthy"), ...problemResponses(400) },
});

const ServiceHealthSchema = z
  .object({ status: StateSchema, service: z.enum(SERVICES), version: z.string(), timestamp: z.string() })
  .openapi("ServiceHealth");

const serviceRoute = createRoute({
  method: "get",
  path: "/health/{service}",
  operationId: "getServiceHealth",
  summary: "The state of one service",
  tags: ["Operations"],
  security: [],
  request: {
    params: z.object({
      service: z
        .string()
        .openapi({ param: { name: "service", in: "path" }, enum: [...SERVICES], example: "market-data" }),
    }),
    query: NO_QUERY,
  },
  responses: {
    200: { description: "Its state", content: { "application/json": { schema: ServiceHealthSchema } } },
    503: { description: "Unhealthy", content: { "application/json": { schema: ServiceHealthSchema } } },
    ...problemResponses(400, 404),
  },
});

const readyRoute = createRoute({
  method: "get",
  path: "/ready",
  operationId: "getReadiness",
  summary: "Whether the platform can take requests",
  tags: ["Operations"],
  security: [],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "Ready",
      content: { "application/json": { schema: z.object({ ready: z.boolean(), timestamp: z.string() }) } },
    },
    503: {
      description: "Not ready",
      content: { "application/json": { schema: z.object({ ready: z.boolean(), timestamp: z.string() }) } },
    },
    ...problemResponses(400),
  },
});

/** Checks cost reads, so an isolate answers with the last ones for a few seconds. */
const last = new MemoryCache<Health>(3_000, 1);

async function check(work: Promise<unknown>): Promise<State> {
  const timeout = scheduler.wait(CHECK_TIMEOUT_MS).then(() => "late" as const);
  const outcome = await Promise.race([
    work.then(
      () => "done" as const,
      () => "failed" as const,
    ),
    timeout,
  ]);
  return outcome === "done" ? "healthy" : "unhealthy";
}

type Providers = Health["checks"]["providers"];

const STATES: Record<ProviderStatus["state"], State> = {
  available: "healthy",
  degraded: "degraded",
  disabled: "not_available",
};

/** How the providers are; in the demo there is only the simulator. */
async function providersOf(env: Env): Promise<Providers> {
  if (marketModeOf(env) === "demo") return { simulator: { status: "healthy", detail: null } };
  const states = await Promise.race([allProviders(env), scheduler.wait(CHECK_TIMEOUT_MS).then(() => [])]);
  return Object.fromEntries(
    states.map((state) => {
      const detail = state.disabled ?? (state.state === "degraded" ? "some of its endpoints do not answer" : null);
      return [state.provider, { status: STATES[state.state], detail }];
    }),
  );
}

/** Unhealthy without rooms or registry; degraded while the cache or a provider fails, for answers still come. */
function overall(d1: State, kv: State, rooms: State, providers: Providers): Health["status"] {
  if (d1 !== "healthy" || rooms !== "healthy") return "unhealthy";
  const failing = Object.values(providers).some(({ status }) => status === "degraded");
  return kv === "healthy" && !failing ? "healthy" : "degraded";
}

async function healthOf(env: Env): Promise<Health> {
  const kept = last.get("health");
  if (kept) return kept;
  const [d1, kv, durableObjects, providers] = await Promise.all([
    check(env.DB.prepare("select 1 from exchanges limit 1").all()),
    check(env.CACHE.get("health")),
    check(env.SYMBOL_ROOM.getByName("health").ping()),
    providersOf(env),
  ]);
  const mode = marketModeOf(env);
  const data = overall(d1, kv, durableObjects, providers);
  const health: Health = {
    status: data,
    service: "wizdata-edge",
    services: {
      "market-data": data,
      "symbol-registry": d1 === "healthy" ? "healthy" : "unhealthy",
      "indicator-engine": data,
      streaming: durableObjects === "healthy" ? "healthy" : "unhealthy",
    },
    checks: { d1, kv, durable_objects: durableObjects, providers },
    mode,
    version: VERSION,
    timestamp: new Date().toISOString(),
  };
  last.set("health", health);
  return health;
}

/** Routes that tell how the platform is. */
export const health = createService();

health.openapi(healthRoute, async (c) => {
  const state = await healthOf(c.env);
  c.header("Cache-Control", "no-store");
  return c.json(state, state.status === "unhealthy" ? 503 : 200);
});

const isService = (name: string): name is Service => SERVICES.some((service) => service === name);

health.openapi(serviceRoute, async (c) => {
  const { service } = c.req.valid("param");
  if (!isService(service)) {
    throw new ApiError("route.not_found", `There is no such service. The services are ${SERVICES.join(", ")}.`);
  }
  const state = await healthOf(c.env);
  const status = state.services[service];
  c.header("Cache-Control", "no-store");
  const { version, timestamp } = state;
  return c.json({ status, service, version, timestamp }, status === "unhealthy" ? 503 : 200);
});

health.openapi(readyRoute, async (c) => {
  const state = await healthOf(c.env);
  const ready = state.status !== "unhealthy";
  c.header("Cache-Control", "no-store");
  return c.json({ ready, timestamp: state.timestamp }, ready ? 200 : 503);
});
