import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../scripts/ports.ts";
import { runScript } from "./command.ts";
import { dataFolder, type Platform, removeFolder, startPlatform, TOKEN } from "./platform.ts";

let platform: Platform;
const folder = dataFolder();

beforeAll(async () => {
  platform = await startPlatform(folder, { ANONYMOUS_ACCESS: "off" });
});

afterAll(async () => {
  await platform?.stop();
  removeFolder(folder);
});

const keys = (...args: string[]) => runScript("keys.ts", [...args, "--url", platform.url], { ADMIN_TOKEN: TOKEN });

const statusWith = async (key: string): Promise<number> => {
  const response = await fetch(`${platform.url}/quotes/BTC/USDT`, { headers: { Authorization: `Bearer ${key}` } });
  await response.arrayBuffer();
  return response.status;
};

test("npm run keys makes a key that opens the platform, lists it without its secret, and revokes it", async () => {
  expect((await keys("list")).stdout).toContain("There are no keys.");
  const made = await keys("create", "--name", "my dashboard", "--scopes", "read, stream", "--tier", "standard");
  expect(made.code, made.stderr).toBe(0);
  const key = /^wz_[a-z2-7]{8}_[a-z2-7]{32}$/m.exec(made.stdout)?.[0] ?? "";
  expect(key).not.toBe("");
  expect(made.stdout).not.toContain("\u001b");
  expect(await statusWith(key)).toBe(200);
  const prefix = key.split("_")[1];
  const listed = await keys("list");
  expect(listed.stdout).toMatch(new RegExp(`^${prefix}  my dashboard  read,stream  standard  valid `, "m"));
  expect(listed.stdout).not.toContain(key.slice(-32));
  expect((await keys("revoke", prefix)).stdout).toContain(`${prefix} (my dashboard) is revoked`);
  expect(await statusWith(key)).toBe(401);
  expect((await keys("list")).stdout).toContain("revoked 20");
});

test.each([
  [["create", "--scopes", "read"], "--name is missing"],
  [["create", "--name", "x"], "--scopes is missing"],
  [
    ["create", "--name", "x", "--scopes", "write"],
    "refuses: --scopes must be one of read, stream, symbols:write, admin.",
  ],
  [["create", "--name", "x", "--scopes", "read,write,read"], "refuses: --scopes must be one of"],
  [["create", "--name", "x", "--scopes", "read", "--tier", "gold"], "refuses: --tier must be one of"],
  [["create", "--name", "x", "--scopes", "read", "--expires", "tomorrow"], "refuses: --expires must be a time"],
  [["revoke"], "Name its prefix"],
  [["revoke", "aaaaaaaa"], "There is no key with this prefix"],
  [["destroy"], 'There is no command "destroy"'],
  [["list", "more"], "Too many words"],
  [["list", "--colour"], "--help explains"],
])("npm run keys says what is wrong with %j", async (args, message) => {
  const { code, stderr, stdout } = await keys(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  if (message.startsWith("refuses")) expect(stderr).toContain(`${platform.url} ${message}`);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe("");
});

test("npm run keys says so where the platform does not answer, or the token is wrong", async () => {
  const unused = `http://127.0.0.1:${await freePort()}`;
  const silent = await runScript("keys.ts", ["list", "--url", unused], { ADMIN_TOKEN: TOKEN });
  expect([silent.code, silent.stderr.trim()]).toEqual([
    2,
    `${unused} does not answer. Is the platform running? --url names another one.`,
  ]);
  const wrong = await runScript("keys.ts", ["list", "--url", platform.url], { ADMIN_TOKEN: "wrong" });
  expect([wrong.code, wrong.stderr.trim()]).toEqual([
    2,
    `${platform.url} refuses: The key is unknown, expired or revoked. The token is ADMIN_TOKEN, of the environment or, for a platform on this machine, of .dev.vars.`,
  ]);
});
