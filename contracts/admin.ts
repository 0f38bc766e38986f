import { z } from "@hono/zod-openapi";
import { BREAKER_STATES } from "../core/scheduling/circuit-breaker.ts";
import { ATTEMPT_OUTCOMES, ENDPOINT_GROUPS, PROVIDER_STATES, PROVIDERS } from "./provider.ts";
import { QuoteSchema } from "./quote.ts";

const time = z.string().nullable();

const EndpointGroupStatusSchema = z.object({
  breaker: z.enum(BREAKER_STATES),
  retry_at: time,
  last_success_at: time,
  last_failure_at: time,
  last_failure_reason: z.string().nullable(),
});

/** How an upstream fares behind its gate. */
export const ProviderStatusSchema = z
  .object({
    provider: z.enum(PROVIDERS),
    state: z.enum(PROVIDER_STATES),
    disabled: z.string().nullable().openapi({ description: "Why it is not used; null where it is." }),
    families: z.record(z.enum(ENDPOINT_GROUPS), EndpointGroupStatusSchema),
    blocked: z.array(z.object({ scope: z.string(), reason: z.string(), until: z.string() })),
    budget: z.array(
      z.object({ window: z.string(), limit: z.number(), left: z.number(), left_for_background: z.number() }),
    ),
    calls_last_minute: z.number().int(),
    in_flight: z.number().int(),
    waiting: z.number().int(),
    watched: z.number().int(),
  })
  .openapi("ProviderStatus");

export type ProviderStatus = z.infer<typeof ProviderStatusSchema>;

/** How a room came by its quote. */
export const TraceSchema = z
  .object({
    symbol: z.string(),
    sources: z.array(z.enum(PROVIDERS)),
    latest: z.union([QuoteSchema, z.null()]),
    attempts: z.array(
      z.object({
        provider: z.enum(PROVIDERS),
        outcome: z.enum(ATTEMPT_OUTCOMES),
        reason: z.string().nullable(),
        retry_after: z.number().nullable(),
        at: z.string().openapi({ format: "date-time" }),
      }),
    ),
  })
  .openapi("QuoteTrace");

/** One decision of the data-quality checks. */
export const QualityDecisionSchema = z
  .object({
    at: z.string().openapi({ format: "date-time" }),
    symbol: z.string(),
    provider: z.enum(PROVIDERS),
    kind: z.enum(["quote", "candle"]),
    interval: z.string().openapi({ description: "Empty for quotes." }),
    time: z.number().int(),
    check: z.string(),
    detail: z.string(),
  })
  .openapi("QualityDecision");

/** One entry of the audit log. */
export const AuditEntrySchema = z
  .object({
    id: z.number().int(),
    at: z.string().openapi({ format: "date-time" }),
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi("AuditEntry");
