// `npm run keys`: makes, lists and revokes API keys.
import { styleText } from "node:util";
import { type ApiKey, SCOPES, TIERS } from "../contracts/api-key.ts";
import { adminTokenFor, noAdminToken } from "./admin-token.ts";
import { parseArgs } from "./arguments.ts";
import { type KeysClient, KeysFailure, openKeys } from "./keys/client.ts";
import { defaultUrl, invalidUrlMessage, platformUrl } from "./platform-errors.ts";

const HELP = `Makes, lists and revokes API keys.

  npm run keys -- create --name dashboard --scopes read,stream [--tier free] [--expires 2027-01-01T00:00:00Z]
  npm run keys -- list
  npm run keys -- revoke <prefix>

A key is shown once, when it is made. A caller that holds it may do what its scopes say, as often as its tier allows.

  --name     what the key is for
  --scopes   ${SCOPES.join(", ")}; several with commas
  --tier     ${TIERS.join(", ")} (default ${TIERS[0]})
  --expires  a time in ISO-8601; without it the key holds until it is revoked
  --url      the platform (default http://127.0.0.1:8787, or PORT)
  --help     this text

The admin token is read from ADMIN_TOKEN, or from .dev.vars for a platform on this machine. A key with the scope admin may
stand instead of it.
`;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: "string" },
    scopes: { type: "string" },
    tier: { type: "string" },
    expires: { type: "string" },
    url: { type: "string", default: defaultUrl() },
    help: { type: "boolean", default: false },
  },
});

const bold = (text: string): string => styleText("bold", text, { stream: process.stdout });
const dim = (text: string): string => styleText("dim", text, { stream: process.stdout });

async function create(keys: KeysClient): Promise<void> {
  const { name, scopes, tier, expires } = values;
  if (!name) fail('--name is missing, such as --name "my dashboard". --help explains.');
  if (!scopes) fail(`--scopes is missing; name some of ${SCOPES.join(", ")}, such as --scopes read,stream.`);
  const list = scopes.split(",").map((scope) => scope.trim());
  const made = await keys.create({ name, scopes: list, tier, expires_at: expires });
  console.log(`${bold(made.key)}

  name     ${made.name}
  prefix   ${made.prefix}
  scopes   ${made.scopes.join(", ")}
  tier     ${made.tier}
  expires  ${made.expires_at ?? "never"}

This is the only time the key is shown. Send it as \`Authorization: Bearer <key>\` or \`X-API-Key: <key>\`.`);
}

function stateOf(key: ApiKey): string {
  if (key.revoked_at !== null) return `revoked ${key.revoked_at}`;
  if (key.expires_at === null) return "valid";
  return `${Date.parse(key.expires_at) <= Date.now() ? "expired" : "valid until"} ${key.expires_at}`;
}

async function list(keys: KeysClient): Promise<void> {
  const all = await keys.list();
  if (all.length === 0) {
    console.log("There are no keys. Make one: npm run keys -- create --name dashboard --scopes read");
    return;
  }
  const rows = all.map((key) => [
    key.prefix,
    key.name,
    key.scopes.join(","),
    key.tier,
    stateOf(key),
    key.last_used_at === null ? "never used" : `used ${key.last_used_at}`,
  ]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const [i, row] of rows.entries()) {
    const line = row.map((cell, column) => cell.padEnd(widths[column])).join("  ");
    console.log(all[i].revoked_at === null ? line.trimEnd() : dim(line.trimEnd()));
  }
}

async function revoke(keys: KeysClient, prefix: string | undefined): Promise<void> {
  if (!prefix) fail("Which key? Name its prefix: npm run keys -- revoke <prefix>. `npm run keys -- list` shows them.");
  const revoked = await keys.revoke(prefix);
  console.log(`${revoked.prefix} (${revoked.name}) is revoked. It holds everywhere within 30 seconds.`);
}

async function run(): Promise<void> {
  const [command, argument, ...more] = positionals;
  if (values.help || command === undefined) {
    console.log(HELP);
    return;
  }
  if (more.length > 0 || (argument !== undefined && command !== "revoke")) fail("Too many words. --help explains.");
  const url = platformUrl(values.url) ?? fail(invalidUrlMessage(values.url));
  const keys = openKeys(url, adminTokenFor(url) ?? fail(noAdminToken(url)));
  switch (command) {
    case "create":
      return create(keys);
    case "list":
      return list(keys);
    case "revoke":
      return revoke(keys, argument);
    default:
      fail(`There is no command "${command}"; there are create, list and revoke.`);
  }
}

try {
  await run();
} catch (error) {
  if (error instanceof KeysFailure) fail(error.message);
  throw error;
}
