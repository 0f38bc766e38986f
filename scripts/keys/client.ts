import { z } from "zod";
import { type ApiKey, ApiKeySchema, type CreatedApiKey, CreatedApiKeySchema } from "../../contracts/api-key.ts";
import { notThePlatformMessage, refusalMessage, unreachableMessage } from "../platform-errors.ts";

/** The platform refused, or could not be reached. */
export class KeysFailure extends Error {
  override readonly name = "KeysFailure";
}

/** What is asked of a key that is to be made, as its maker writes it. */
export interface NewKeyRequest {
  name: string;
  scopes: readonly string[];
  tier?: string;
  expires_at?: string;
}

/** Keys of a platform, seen by its administrator. */
export interface KeysClient {
  create(request: NewKeyRequest): Promise<CreatedApiKey>;
  list(): Promise<ApiKey[]>;
  revoke(prefix: string): Promise<ApiKey>;
}

/** The fields of a key that is to be made, by the flags of the command. */
const FLAGS = { name: "--name", scopes: "--scopes", tier: "--tier", expires_at: "--expires", prefix: "the prefix" };

/**
 * Opens the keys of the platform at `url`.
 * @throws KeysFailure from each call, naming the platform, with its own words where it has any
 */
export function openKeys(url: string, token: string): KeysClient {
  async function ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const response = await callPlatform(url, () =>
      fetch(`${url}${path}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      }),
    );
    const answer: unknown = await callPlatform(url, () => response.json());
    const good = z.object({ data: schema }).safeParse(answer);
    if (response.ok && good.success) return good.data.data;
    const refusal = response.ok ? null : refusalMessage(url, answer, FLAGS);
    throw new KeysFailure(refusal ?? notThePlatformMessage(url, `answered with status ${response.status}`));
  }
  return {
    create: (wish) => ask("POST", "/admin/keys", CreatedApiKeySchema, wish),
    list: () => ask("GET", "/admin/keys", z.array(ApiKeySchema)),
    revoke: (prefix) => ask("DELETE", `/admin/keys/${encodeURIComponent(prefix)}`, ApiKeySchema),
  };
}

async function callPlatform<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyntaxError) throw new KeysFailure(notThePlatformMessage(url, "does not answer in JSON"));
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    throw new KeysFailure(unreachableMessage(url));
  }
}
