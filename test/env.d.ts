/** What only tests are given. */
declare namespace Cloudflare {
  interface Env {
    D1_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** The statements of storage/registry/reference/seed.sql. */
    D1_SEED: string[];
  }
}
