import type { Scope, Tier } from "../contracts/api-key.ts";

/** Who asks: nobody we know, the holder of the admin token, or the holder of a key. */
export type Caller =
  | { kind: "anonymous" }
  | { kind: "admin"; name: string }
  | { kind: "key"; prefix: string; name: string; scopes: readonly Scope[]; tier: Tier };

/** What the audit log calls a caller. */
export function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case "anonymous":
      return "anonymous";
    case "admin":
      return caller.name;
    case "key":
      return `key:${caller.prefix}`;
  }
}

/** Whether a caller's credential lets it do what needs a scope. The admin token may do everything; a key what it names. */
export function holdsScope(caller: Caller, scope: Scope): boolean {
  switch (caller.kind) {
    case "anonymous":
      return false;
    case "admin":
      return true;
    case "key":
      return caller.scopes.includes(scope);
  }
}
