// Everything that a server or a test needs beside the dependencies: secrets, pages, the local database.
import { ensureDevVars } from "./dev-vars.ts";
import { applyMigrations } from "./wrangler.ts";

ensureDevVars();
await import("./build-assets.mjs");
applyMigrations(null, console.log);
