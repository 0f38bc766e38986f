// Puts what the Worker serves beside its routes into dist/assets: the pages of web/, and swagger-ui for /docs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const swaggerUi = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const target = join(root, "dist", "assets");
const SWAGGER_FILES = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/** Writes a file only where it would change: `wrangler dev` watches the folder. */
function put(from, to) {
  const content = readFileSync(from);
  try {
    if (readFileSync(to).equals(content)) return;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, content);
}

mkdirSync(target, { recursive: true });
for (const page of ["index.html", "site.css", "docs/index.html", "docs/docs.js"]) {
  put(join(root, "web", page), join(target, page));
}
for (const file of SWAGGER_FILES) put(join(swaggerUi, file), join(target, "docs", file));
