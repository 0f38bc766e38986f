import { readDevVars } from "./dev-vars.ts";

const LOCAL = ["127.0.0.1", "localhost", "[::1]"];

/** The admin token for the platform at `url`: of the environment, or of .dev.vars for a platform on this machine. */
export function adminTokenFor(url: string): string | null {
  const local = LOCAL.includes(new URL(url).hostname);
  return process.env.ADMIN_TOKEN || (local ? readDevVars().ADMIN_TOKEN : undefined) || null;
}

/** What to say where there is none for the platform at `url`. */
export const noAdminToken = (url: string): string =>
  `There is no admin token for ${url}: set ADMIN_TOKEN, or run npm start once for a platform on this machine.`;
