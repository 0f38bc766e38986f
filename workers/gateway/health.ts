import { createRoute, z } from "@hono/zod-openapi";
import { HealthSchema, SERVICES, StateSchema } from "../../contracts/health.ts";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { problemResponses } from "../http/responses.ts";
import { createService } from "../http/service.ts";
import { healthOf } from "./health-checks.ts";

type Service = (typeof SERVICES)[number];

const described = (description: string) => ({ description, content: { "application/json": { schema: HealthSchema } } });

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  summary: "The platform's state",
  tags: ["Operations"],
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

/** Routes that report how the platform is. */
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
