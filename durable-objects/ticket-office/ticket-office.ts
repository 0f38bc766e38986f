import { DurableObject } from "cloudflare:workers";

/** Seconds for which a ticket is good. */
export const TICKET_SECONDS = 30;

/**
 * Issues tickets, by which a browser opens a socket without naming a key, and takes each of them back once. An object, so that two
 * isolates never honour the same one. Only digests are kept.
 */
export class TicketOffice extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "create table if not exists tickets (digest text primary key, holder text not null, until real not null) without rowid",
    );
  }

  /** Keeps a ticket for its holder. */
  async issue(digest: string, holder: string): Promise<void> {
    const now = Date.now() / 1000;
    const { sql } = this.ctx.storage;
    this.#deleteExpired(now);
    sql.exec("insert into tickets (digest, holder, until) values (?, ?, ?)", digest, holder, now + TICKET_SECONDS);
    await this.ctx.storage.setAlarm((now + TICKET_SECONDS + 1) * 1000);
  }

  /** The holder of a ticket, which is no longer good after it; null where it is unknown, used or too old. */
  redeem(digest: string): string | null {
    const rows = this.ctx.storage.sql
      .exec<{ holder: string; until: number }>("delete from tickets where digest = ? returning holder, until", digest)
      .toArray();
    const ticket = rows[0];
    // One that is good for longer than a ticket is was issued before the clock was set back: its age is not known.
    const left = ticket ? ticket.until - Date.now() / 1000 : -1;
    return ticket && left >= 0 && left <= TICKET_SECONDS ? ticket.holder : null;
  }

  override alarm(): void {
    this.#deleteExpired(Date.now() / 1000);
  }

  #deleteExpired(now: number): void {
    this.ctx.storage.sql.exec("delete from tickets where until < ? or until > ?", now, now + TICKET_SECONDS);
  }
}
