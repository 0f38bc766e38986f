/** Writes docs/indicators.md from the catalogue. Run with Node 24: `node tools/indicator-docs.ts`. */
import { writeFileSync } from "node:fs";
import { indicatorDocs } from "./indicator-docs/page.ts";

writeFileSync(new URL("../docs/indicators.md", import.meta.url), indicatorDocs());
