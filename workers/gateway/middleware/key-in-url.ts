import { ApiError } from "../../../contracts/problem.ts";
import { containsSecret } from "../../auth/secrets-in-url.ts";
import type { AppContext } from "../../http/service.ts";

const SECRET_PARAMETERS = [
  "key",
  "api_key",
  "apikey",
  "api-key",
  "x-api-key",
  "authorization",
  "token",
  "access_token",
  "admin_token",
];

/** Refuses a key in the address, under a name that says so or anywhere else: addresses are kept in logs and histories. */
export function keyInUrl(c: AppContext): void {
  const { url } = c.req;
  if (url.includes("?")) {
    const name = Object.keys(c.req.query()).find((parameter) => SECRET_PARAMETERS.includes(parameter.toLowerCase()));
    if (name !== undefined) throw keyInUrlError(`"${name}"`);
  }
  if (containsSecret(url, c.env)) throw keyInUrlError("a key");
}

function keyInUrlError(what: string): ApiError {
  const detail = `The address carries ${what}. Send keys in the Authorization or X-API-Key header, and replace this one.`;
  return new ApiError("auth.key_in_url", detail);
}
