import { defineConfig } from "drizzle-kit";

/** `npm run migrations` turns changes of the schema into SQL under migrations/. */
export default defineConfig({
  dialect: "sqlite",
  schema: "./storage/schema.ts",
  out: "./migrations",
});
