import { z } from "@hono/zod-openapi";
import { choice } from "./choice.ts";

/** What a key may let its holder do. */
export const SCOPES = ["read", "stream", "symbols:write", "admin"] as const;

export type Scope = (typeof SCOPES)[number];

/** How much a key may use, from the least to the most. */
export const TIERS = ["free", "standard", "premium"] as const;

export type Tier = (typeof TIERS)[number];

const time = z.string().openapi({ example: "2027-01-01T00:00:00.000Z" });

/** A key as those who run the platform see it: everything but the key. */
export const ApiKeySchema = z
  .object({
    prefix: z.string().openapi({ example: "k3v7q2mf", description: "The key's public part; logs name keys by it." }),
    name: z.string().openapi({ example: "dashboard" }),
    scopes: z.array(z.enum(SCOPES)),
    tier: z.enum(TIERS),
    created_at: time,
    created_by: z.string(),
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    last_used_at: time.nullable().openapi({ description: "To within five minutes." }),
  })
  .openapi("ApiKey");

export type ApiKey = z.infer<typeof ApiKeySchema>;

/** A key when it is made: the only moment at which it is shown. */
export const CreatedApiKeySchema = ApiKeySchema.extend({
  key: z.string().openapi({ description: "Shown this once; only its digest is kept." }),
}).openapi("CreatedApiKey");

export type CreatedApiKey = z.infer<typeof CreatedApiKeySchema>;

/** `POST /admin/keys`. */
export const NewApiKeySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1, "must not be empty")
      .max(100, "must be at most 100 characters")
      .regex(/^[^\p{Cc}]*$/u, "must not hold control characters")
      .openapi({ pattern: "^[^\\p{Cc}]*$", example: "dashboard" }),
    scopes: z
      .array(choice(SCOPES))
      .min(1, `must name at least one of ${SCOPES.join(", ")}`)
      .max(SCOPES.length, "must name each scope once")
      .transform((scopes) => SCOPES.filter((scope) => scopes.includes(scope)))
      .openapi({ type: "array", items: { type: "string", enum: [...SCOPES] }, example: ["read", "stream"] }),
    tier: choice(TIERS).default("free"),
    expires_at: z.iso
      .datetime({ offset: true, error: "must be a time in ISO-8601, such as 2027-01-01T00:00:00Z" })
      .transform((text) => new Date(text).toISOString())
      .nullable()
      .default(null)
      .openapi({ type: ["string", "null"], format: "date-time", example: "2027-01-01T00:00:00Z" }),
  })
  .openapi("NewApiKey");

export type NewApiKey = z.infer<typeof NewApiKeySchema>;
