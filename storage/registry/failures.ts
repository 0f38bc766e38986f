import { DrizzleQueryError } from "drizzle-orm/errors";

/** The registry's database did not answer, or said that it cannot. */
export class RegistryUnreachable extends Error {
  override readonly name = "RegistryUnreachable";
}

/** SQLite's own complaints are about our statements; everything else that a query ends with is about the way to the database. */
const COMPLAINT = /SQLITE_/;

/** The failure to reach the database that an error tells of; null for any other error. */
export function unreachableBehind(error: unknown): RegistryUnreachable | null {
  if (error instanceof RegistryUnreachable) return error;
  if (!(error instanceof DrizzleQueryError)) return null;
  const cause = error.cause;
  if (cause instanceof RegistryUnreachable) return cause;
  if (!(cause instanceof Error) || COMPLAINT.test(cause.message)) return null;
  return new RegistryUnreachable(cause.message, { cause });
}

/** What an error means that the database itself threw. */
function meaningOf(error: unknown): unknown {
  if (!(error instanceof Error) || COMPLAINT.test(error.message)) return error;
  return new RegistryUnreachable(error.message, { cause: error });
}

/** Calls the database outside a query of drizzle's, which would say so itself. */
export async function reachingDatabase<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw meaningOf(error);
  }
}

/** The same for what the database does without a wait. */
export function reachingAtOnce<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw meaningOf(error);
  }
}
