import { DrizzleQueryError } from "drizzle-orm/errors";
import { logWarning } from "../../observability/log.ts";

/** The registry's database did not answer, or said that it cannot. */
export class DatabaseUnreachable extends Error {
  override readonly name = "RegistryUnreachable";
}

/**
 * SQLite's result codes that are about our statements (sqlite.org/rescode.html). Every other code (busy, locked, full, read-only,
 * corrupt, out of memory, an I/O error …) is a state of the database, and what bears no code is about the way to it: both may pass.
 */
const STATEMENT_ERROR = /SQLITE_(?:ERROR|CONSTRAINT|MISMATCH|MISUSE|RANGE|TOOBIG|AUTH|ABORT|INTERNAL|FORMAT)/;

/** The failure to reach the database that an error reports; null for any other error. */
export function asUnreachable(error: unknown): DatabaseUnreachable | null {
  if (error instanceof DatabaseUnreachable) return error;
  if (!(error instanceof DrizzleQueryError)) return null;
  const cause = error.cause;
  if (cause instanceof DatabaseUnreachable) return cause;
  if (!(cause instanceof Error) || STATEMENT_ERROR.test(cause.message)) return null;
  return new DatabaseUnreachable(cause.message, { cause });
}

/** What an error means that the database itself threw. */
function translateError(error: unknown): unknown {
  if (!(error instanceof Error) || STATEMENT_ERROR.test(error.message)) return error;
  return new DatabaseUnreachable(error.message, { cause: error });
}

/** Calls the database outside a query of drizzle's, which would say so itself. */
export async function wrapAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateError(error);
  }
}

/** The same for what the database does without a wait. */
export function wrapSync<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw translateError(error);
  }
}

/**
 * Does what may as well be left out: while the database is out of reach, or takes no writes, that is logged and stops nothing.
 * @param what in a few words, for the log
 */
export async function unlessUnreachable(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const unreachable = asUnreachable(error);
    if (!unreachable) throw error;
    logWarning("the registry is out of reach; something was left out", { what, cause: unreachable.message });
  }
}
