import { containsKey } from "../../core/api-key.ts";

/** So often an address may have been encoded on its way. */
const MAX_ENCODINGS = 3;

/** An address with its ASCII characters decoded once; what is no encoding stays as it is. */
function decodeOnce(url: string): string {
  return url.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Whether an address, or a part of one, holds a key or the admin token, however it is written. */
export function containsSecret(url: string, env: Env): boolean {
  const token = env.ADMIN_TOKEN;
  const contains = (text: string): boolean =>
    containsKey(text) || (token !== undefined && token !== "" && text.includes(token));
  let text = url;
  for (let i = 0; i < MAX_ENCODINGS && text.includes("%") && !contains(text); i++) text = decodeOnce(text);
  return contains(text);
}
