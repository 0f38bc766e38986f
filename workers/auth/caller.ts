import type { Scope, Tier } from "../../contracts/api-key.ts";

/** Who asks: an anonymous caller, the holder of the admin token, or the holder of a key that expires at a time (unix milliseconds) or never. */
export type Caller =
  | { kind: "anonymous" }
  | { kind: "admin"; name: string }
  | { kind: "key"; prefix: string; name: string; scopes: readonly Scope[]; tier: Tier; expiresAt: number | null };

/** What the audit log calls a caller. */
export function auditNameOf(caller: Caller): string {
  switch (caller.kind) {
    case "anonymous":
      return "anonymous";
    case "admin":
      return caller.name;
    case "key":
      return `key:${caller.prefix}`;
  }
}

/** Who acts, and when: what an entry of the audit log begins with. */
export function auditActorOf(caller: Caller): { actor: string; at: string } {
  return { actor: auditNameOf(caller), at: new Date().toISOString() };
}

/** Whether a caller's credential lets it do what needs a scope. The admin token may do everything; a key what it names. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  switch (caller.kind) {
    case "anonymous":
      return false;
    case "admin":
      return true;
    case "key":
      return caller.scopes.includes(scope);
  }
}
