/** The variable as it was read last, and what it lists: it never changes while an isolate lives. */
let read = { configured: "", origins: [] as readonly string[] };

function originsOf(configured: string): readonly string[] {
  if (configured !== read.configured) {
    read = { configured, origins: configured.split(",").map((entry) => entry.trim()) };
  }
  return read.origins;
}

/** The origins that the configuration allows, for one request's origin: the one to name, or none. */
export function allowedOrigin(origin: string, configured: string): string | null {
  const origins = originsOf(configured);
  if (origins.includes("*")) return "*";
  return origins.includes(origin) ? origin : null;
}

/**
 * Whether a page of this origin may open a socket: browsers let every page try, whatever CORS says. What sends no origin is no
 * page, and our own pages may.
 */
export function mayOpenSocket(origin: string | undefined, url: string, configured: string): boolean {
  return origin === undefined || origin === new URL(url).origin || allowedOrigin(origin, configured) !== null;
}
