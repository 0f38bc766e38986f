import { holdsKey } from "../../core/api-key.ts";

function decoded(address: string): string {
  if (!address.includes("%")) return address;
  try {
    return decodeURIComponent(address);
  } catch (error) {
    if (error instanceof URIError) return address;
    throw error;
  }
}

/** Whether an address, or a part of one, holds a key or the admin token, however it is written. */
export function holdsSecret(address: string, env: Env): boolean {
  const text = decoded(address);
  const token = env.ADMIN_TOKEN;
  return holdsKey(text) || (token !== undefined && token !== "" && text.includes(token));
}
