import { expect, test } from "vitest";
import { z } from "zod";
import { runTool } from "./command.ts";

const Report = z.object({
  runtime_objects_mb: z.object({ growth: z.number() }),
  held: z.object({ connections: z.number(), active_subscriptions: z.number() }),
  turns: z.array(z.object({ name: z.string(), requests: z.number(), answers: z.record(z.string(), z.number()) })),
  violations: z.array(z.string()),
});

/** The whole run takes a quarter of an hour; this is a fiftieth of it. A request that is kept shows in the runtime's objects at once. */
test("memory holds no request, no answer and no closed stream, whatever route it was for", {
  timeout: 400_000,
}, async () => {
  const amounts = ["--requests", "2000", "--sockets", "60", "--imports", "10", "--seed", "1"];
  const { code, stdout, stderr } = await runTool("soak.ts", ["--memory", ...amounts]);
  expect(stderr, stdout).toBe("");
  const report = Report.parse(JSON.parse(stdout));
  expect(report).toMatchObject({ violations: [], held: { connections: 0, active_subscriptions: 0 } });
  const succeeded = ({ answers }: (typeof report.turns)[number]): boolean =>
    Object.keys(answers).some((answer) => answer === "subscribed" || answer.startsWith("2"));
  const names = report.turns.filter(succeeded).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["POST /calculate", "GET /symbols", "GET /admin/audit", "imports"]));
  expect(names).toEqual(expect.arrayContaining(["sockets of /ws", "sockets of /ws/{symbol}", "event streams"]));
  expect(code).toBe(0);
});
