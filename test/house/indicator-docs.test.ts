import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { indicatorDocs } from "../../tools/indicator-docs/page.ts";

it("docs/indicators.md is what the catalogue says: run `node tools/indicator-docs.ts` after a change", () => {
  expect(readFileSync("docs/indicators.md", "utf8")).toBe(indicatorDocs());
});
