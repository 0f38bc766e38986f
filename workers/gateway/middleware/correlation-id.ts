import { containsKey } from "../../../core/api-key.ts";

const ACCEPTED = /^[A-Za-z0-9._-]{1,128}$/;

/** The id by which a request is known: the one that its caller sent, where that is usable, else a new one. */
export function correlationIdOf(sent: string | undefined): string {
  return sent && ACCEPTED.test(sent) && !containsKey(sent) ? sent : crypto.randomUUID();
}
