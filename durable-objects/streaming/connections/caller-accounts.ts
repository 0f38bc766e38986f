import { SymbolRateLimiter } from "./message-rate.ts";

/** What decides whose share of an object a socket uses. */
export interface SocketOwner {
  address: string;
  caller: string;
  anonymous: boolean;
}

type CallerKind = "address" | "key" | "operator";

const KEY = "key:";

/** Whose share a socket uses. */
function callerOf({ address, caller, anonymous }: SocketOwner): { kind: CallerKind; name: string } {
  if (anonymous) return { kind: "address", name: address };
  return { kind: caller.startsWith(KEY) ? "key" : "operator", name: caller };
}

const keyOf = ({ kind, name }: { kind: CallerKind; name: string }): string => `${kind} ${name}`;

/** A caller of an object, and what it uses there: the owner of a key, an address without one, or an operator, who has no limits. */
export class CallerAccount {
  readonly kind: CallerKind;
  /** The key's public name, the address, or the operator's name. */
  readonly name: string;
  /** Sockets, those that were closed and whose clients have not confirmed it included. */
  sockets = 0;
  /** Characters that were written to these sockets and are not acknowledged. */
  unacknowledgedBytes = 0;
  /** Of these, what was written to sockets that were closed from here and whose clients have not confirmed it. */
  closingBytes = 0;
  /** Of the symbols that its messages name. */
  readonly symbolRate: SymbolRateLimiter;

  constructor(owner: SocketOwner) {
    const { kind, name } = callerOf(owner);
    this.kind = kind;
    this.name = name;
    this.symbolRate = new SymbolRateLimiter(kind === "address" ? "address" : "key");
  }

  get hasKey(): boolean {
    return this.kind !== "address";
  }
}

/** The callers that have sockets in an object. */
export class CallerAccounts {
  readonly #accounts = new Map<string, CallerAccount>();

  /** The account of a socket's owner; it is kept from the first socket on. */
  of(owner: SocketOwner): CallerAccount {
    return this.#accounts.get(keyOf(callerOf(owner))) ?? new CallerAccount(owner);
  }

  /** Counts a socket; returns the account that it is counted in. */
  addSocket(owner: SocketOwner): CallerAccount {
    const account = this.of(owner);
    this.#accounts.set(keyOf(account), account);
    account.sockets++;
    return account;
  }

  /** Takes off a socket that is gone. */
  removeSocket(account: CallerAccount): void {
    account.sockets--;
    if (account.sockets === 0) this.#accounts.delete(keyOf(account));
  }
}
