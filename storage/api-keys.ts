import { and, desc, eq, isNull, lt, or } from "drizzle-orm";
import type { ApiKey, CreatedApiKey, NewApiKey, Scope, Tier } from "../contracts/api-key.ts";
import { formatKey, KEY_BYTES } from "../core/api-key.ts";
import { auditEntry } from "./audit-log.ts";
import type { Database } from "./database.ts";
import type { AuditActor } from "./registry/writes.ts";
import { apiKeys } from "./schema.ts";

/** What a key is checked by. Times are unix milliseconds. */
export interface ApiKeyRecord {
  prefix: string;
  digest: Uint8Array;
  name: string;
  scopes: readonly Scope[];
  tier: Tier;
  expiresAt: number | null;
  revoked: boolean;
  lastUsedAt: number | null;
}

/** SHA-256 of a text. */
export async function digestOfKey(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));

type Row = typeof apiKeys.$inferSelect;

const toApiKey = (row: Row): ApiKey => ({
  prefix: row.prefix,
  name: row.name,
  scopes: row.scopes,
  tier: row.tier,
  created_at: row.createdAt,
  created_by: row.createdBy,
  expires_at: row.expiresAt,
  revoked_at: row.revokedAt,
  last_used_at: row.lastUsedAt,
});

/** Makes a key and keeps its digest. What is returned is the only copy of the key itself. */
export async function createKey(database: Database, input: NewApiKey, actor: AuditActor): Promise<CreatedApiKey> {
  const { key, prefix } = formatKey(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  const row: Row = {
    prefix,
    digest: toHex(await digestOfKey(key)),
    name: input.name,
    scopes: input.scopes,
    tier: input.tier,
    createdAt: actor.at,
    createdBy: actor.actor,
    expiresAt: input.expires_at,
    revokedAt: null,
    lastUsedAt: null,
  };
  const { name, scopes, tier, expires_at } = input;
  await database.session.batch([
    database.session.insert(apiKeys).values(row),
    auditEntry(database.session, actor, "key.create", prefix, { name, scopes, tier, expires_at }),
  ]);
  return { ...toApiKey(row), key };
}

/** Every key, the latest first. */
export async function listKeys(database: Database): Promise<ApiKey[]> {
  const rows = await database.session.select().from(apiKeys).orderBy(desc(apiKeys.createdAt), apiKeys.prefix);
  return rows.map(toApiKey);
}

/**
 * Revokes a key for good. One that is revoked already stays as it is.
 * @returns the key as it stands now; null where there is none with this prefix
 */
export async function revokeKey(database: Database, prefix: string, actor: AuditActor): Promise<ApiKey | null> {
  const row = await database.session.select().from(apiKeys).where(eq(apiKeys.prefix, prefix)).get();
  if (!row) return null;
  if (row.revokedAt !== null) return toApiKey(row);
  await database.session.batch([
    database.session
      .update(apiKeys)
      .set({ revokedAt: actor.at })
      .where(and(eq(apiKeys.prefix, prefix), isNull(apiKeys.revokedAt))),
    auditEntry(database.session, actor, "key.revoke", prefix, { name: row.name }),
  ]);
  return toApiKey({ ...row, revokedAt: actor.at });
}

const millisecondsOf = (time: string | null): number | null => (time === null ? null : Date.parse(time));

/** What a key with this prefix is checked by, or null where there is none. */
export async function findKey(database: Database, prefix: string): Promise<ApiKeyRecord | null> {
  const row = await database.session.select().from(apiKeys).where(eq(apiKeys.prefix, prefix)).get();
  if (!row) return null;
  return {
    prefix: row.prefix,
    digest: fromHex(row.digest),
    name: row.name,
    scopes: row.scopes,
    tier: row.tier,
    expiresAt: millisecondsOf(row.expiresAt),
    revoked: row.revokedAt !== null,
    lastUsedAt: millisecondsOf(row.lastUsedAt),
  };
}

/** Notes that a key was used, unless a later use is noted. */
export async function recordKeyUse(database: Database, prefix: string, at: string): Promise<void> {
  await database.session
    .update(apiKeys)
    .set({ lastUsedAt: at })
    .where(and(eq(apiKeys.prefix, prefix), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, at))));
}
