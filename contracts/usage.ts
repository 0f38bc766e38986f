import { z } from "@hono/zod-openapi";
import { TIERS, type Tier } from "./api-key.ts";

/** What the keys of each tier may use, in requests as contracts/request-costs.ts prices them. Minutes and days begin on the clock, in UTC. */
export const QUOTAS: Readonly<Record<Tier, { minute: number; day: number }>> = {
  free: { minute: 600, day: 50_000 },
  standard: { minute: 3_000, day: 1_000_000 },
  premium: { minute: 30_000, day: 20_000_000 },
};

/** What an address without a key may ask in that many seconds at once. */
export const ANONYMOUS_BURST = { limit: 100, seconds: 10 } as const;

/**
 * What an address without a key may use for calculations and history on streams, in units beyond the one of each request. Requests are
 * counted by the guards, so that there is no count by day.
 */
export const ANONYMOUS_QUOTA = { minute: 300, day: 432_000 } as const;

const WindowSchema = z.object({
  limit: z.number().int(),
  used: z.number().int(),
  left: z.number().int(),
  resets_at: z.string(),
});

/** `GET /usage`: what a key has used of its quotas. */
export const UsageSchema = z
  .object({ prefix: z.string(), name: z.string(), tier: z.enum(TIERS), minute: WindowSchema, day: WindowSchema })
  .openapi("Usage");
