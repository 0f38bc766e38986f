import { z } from "@hono/zod-openapi";

/** The parts of the platform that users know. */
export const SERVICES = ["market-data", "symbol-registry", "indicator-engine", "streaming"] as const;

export const StateSchema = z.enum(["healthy", "degraded", "unhealthy", "not_available"]);

export type State = z.infer<typeof StateSchema>;

/** `GET /health`. */
export const HealthSchema = z
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

export type Health = z.infer<typeof HealthSchema>;
