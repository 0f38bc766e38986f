/** The least that storing candles can be: a Durable Object that inserts rows of six numbers into one table, thousands in a transaction. */
export class Bare {
  private readonly storage: DurableObjectStorage;

  constructor(state: DurableObjectState) {
    this.storage = state.storage;
    this.storage.sql.exec(
      "create table if not exists candles (time integer primary key, open real, high real, low real, close real, volume real)",
    );
  }

  async fetch(request: Request): Promise<Response> {
    const rows: number[][] = await request.json();
    this.storage.transactionSync(() => {
      for (const row of rows) this.storage.sql.exec("insert or replace into candles values (?, ?, ?, ?, ?, ?)", ...row);
    });
    return new Response(String(rows.length));
  }
}

export default {
  fetch(request: Request, env: { BARE: DurableObjectNamespace }): Promise<Response> {
    return env.BARE.getByName("bare").fetch(request);
  },
};
