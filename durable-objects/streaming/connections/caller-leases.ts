import type { StreamUse } from "../../usage-meter/stream-shares.ts";
import type { CallerAccount, CallerAccounts, SocketOwner } from "./caller-accounts.ts";
import { MAX_CALLER_BYTES } from "./limits.ts";

/**
 * Reports to a caller's meter what it uses in this object; returns what it uses in all objects, null where the meter does not answer.
 * What is not reported again within two minutes is forgotten.
 */
export type ReportStreamUse = (
  account: Pick<CallerAccount, "kind" | "name">,
  use: StreamUse,
) => Promise<StreamUse | null>;

/** How many sockets one address may have. */
export interface AddressLimits {
  /** Over all objects. */
  socketsPerAddress: number;
  /** In this object without its meter being asked. */
  unmeteredSockets: number;
}

/** A caller's meter learns of each further step of unacknowledged characters. */
const BYTES_STEP = MAX_CALLER_BYTES / 8;

/**
 * The limits of a caller over all objects that it can reach. One meter for each caller adds up what objects report of it; most callers
 * use so little that none is asked.
 */
export class CallerLeases {
  readonly #requestTotal: ReportStreamUse;
  readonly #limits: AddressLimits;
  readonly #onExcess: (account: CallerAccount, bytes: number) => void;
  readonly #waitUntil: (work: Promise<void>) => void;
  readonly #reported = new Map<CallerAccount, StreamUse>();
  /** Sockets that are being let in, by account name. */
  readonly #admitting = new Map<string, number>();

  /**
   * @param onExcess called when a caller has that many characters too many over all objects
   * @param waitUntil keeps the object alive until some work is done
   */
  constructor(
    report: ReportStreamUse,
    limits: AddressLimits,
    onExcess: (account: CallerAccount, bytes: number) => void,
    waitUntil: (work: Promise<void>) => void,
  ) {
    this.#requestTotal = report;
    this.#limits = limits;
    this.#onExcess = onExcess;
    this.#waitUntil = waitUntil;
  }

  /** How many sockets are being let in. */
  get admitting(): number {
    let sockets = 0;
    for (const admitting of this.#admitting.values()) sockets += admitting;
    return sockets;
  }

  /**
   * Lets a socket in where its caller has fewer than it may over all objects; false where it has as many.
   * @param connect takes the socket in; called in the same turn in which it is decided
   */
  async admit<T>(owner: SocketOwner, accounts: CallerAccounts, connect: () => T): Promise<T | null> {
    const account = accounts.of(owner);
    const { socketsPerAddress, unmeteredSockets } = this.#limits;
    if (account.kind !== "address") return connect();
    const { name } = account;
    const admitting = this.#admitting.get(name) ?? 0;
    const sockets = account.sockets + admitting + 1;
    if (sockets > socketsPerAddress) return null;
    if (sockets <= unmeteredSockets) return connect();
    this.#admitting.set(name, admitting + 1);
    try {
      const total = await this.#requestTotal(account, { sockets, bytes: account.unacknowledgedBytes });
      if (total === null || total.sockets <= socketsPerAddress) {
        const connected = connect();
        this.#reported.set(accounts.of(owner), { sockets, bytes: account.unacknowledgedBytes });
        return connected;
      }
    } finally {
      const left = (this.#admitting.get(name) ?? 1) - 1;
      if (left > 0) this.#admitting.set(name, left);
      else this.#admitting.delete(name);
    }
    this.#report(accounts.of(owner));
    return null;
  }

  /** More was written to a caller's sockets. */
  onWritten(account: CallerAccount): void {
    const reported = this.#reported.get(account)?.bytes ?? 0;
    if (account.kind !== "operator" && account.unacknowledgedBytes - reported >= BYTES_STEP) this.#report(account);
  }

  /** A socket of a caller is gone. */
  onReleased(account: CallerAccount): void {
    if (this.#reported.has(account)) this.#report(account);
  }

  /** Reports again what callers use that their meters know of; to be called twice a minute. */
  renew(): void {
    for (const account of this.#reported.keys()) this.#report(account);
  }

  #report(account: CallerAccount): void {
    const use = { sockets: account.sockets, bytes: account.unacknowledgedBytes };
    if (use.sockets > 0) this.#reported.set(account, use);
    else this.#reported.delete(account);
    this.#waitUntil(this.#sendReport(account, use));
  }

  async #sendReport(account: CallerAccount, use: StreamUse): Promise<void> {
    const total = await this.#requestTotal(account, use);
    if (total !== null && total.bytes > MAX_CALLER_BYTES) this.#onExcess(account, total.bytes - MAX_CALLER_BYTES);
  }
}
