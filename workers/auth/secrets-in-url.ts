import { holdsKey } from "../../core/api-key.ts";

/** So often an address may have been encoded on its way. */
const MAX_ENCODINGS = 3;

/** An address with its ASCII characters decoded once; what is no encoding stays as it is. */
function decoded(address: string): string {
  return address.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Whether an address, or a part of one, holds a key or the admin token, however it is written. */
export function holdsSecret(address: string, env: Env): boolean {
  const token = env.ADMIN_TOKEN;
  const holds = (text: string): boolean =>
    holdsKey(text) || (token !== undefined && token !== "" && text.includes(token));
  let text = address;
  for (let i = 0; i < MAX_ENCODINGS && text.includes("%") && !holds(text); i++) text = decoded(text);
  return holds(text);
}
