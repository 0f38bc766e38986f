import { expect, test } from "vitest";
import { runTool } from "./command.ts";

/** The whole run takes two minutes; this is some of it. */
test("live mode keeps its promises while its upstreams fail at random, and recovers", {
  timeout: 240_000,
}, async () => {
  const { code, stdout, stderr } = await runTool("soak.ts", ["--seconds", "15"]);
  expect(stderr, stdout).toBe("");
  expect(stdout).toContain("No violation");
  expect(code).toBe(0);
});
