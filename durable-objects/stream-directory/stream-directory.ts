import { DurableObject } from "cloudflare:workers";

/** An object that holds sockets: a hub, or the room of a symbol. */
export interface SocketObject {
  kind: "hub" | "room";
  name: string;
}

/** Seconds after which a holder that does not come back is forgotten: a few heartbeats. */
const EXPIRES_AFTER = 150;

/** Objects cannot be listed, so those that hold sockets stand here. There is one directory; each of them reports to it twice a minute. */
export class StreamDirectory extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "create table if not exists holders (kind text, name text, seen real not null, primary key (kind, name)) without rowid",
    );
  }

  /** A holder has sockets, still or since now. */
  add({ kind, name }: SocketObject): void {
    const now = Date.now() / 1000;
    this.ctx.storage.sql.exec("insert or replace into holders (kind, name, seen) values (?, ?, ?)", kind, name, now);
    this.ctx.storage.sql.exec("delete from holders where seen < ?", now - EXPIRES_AFTER);
    // Seen ahead of a clock that was set back: from now on it is to show itself again.
    this.ctx.storage.sql.exec("update holders set seen = ? where seen > ?", now, now);
  }

  /** A holder has no sockets any more. */
  remove({ kind, name }: SocketObject): void {
    this.ctx.storage.sql.exec("delete from holders where kind = ? and name = ?", kind, name);
  }

  /** An object that holds sockets. */
  list(): SocketObject[] {
    const seen = Date.now() / 1000 - EXPIRES_AFTER;
    const rows = this.ctx.storage.sql.exec<{ kind: string; name: string }>(
      "select kind, name from holders where seen >= ? order by kind, name",
      seen,
    );
    return rows.toArray().map(({ kind, name }) => ({ kind: kind === "room" ? "room" : "hub", name }));
  }
}
