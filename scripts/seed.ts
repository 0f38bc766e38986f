// `npm run seed`: applies the reference data to a database, which a deployment does after its migrations.
import { parseArgs } from "./arguments.ts";
import { applySeedAndReport, STATE } from "./wrangler.ts";

const HELP = `Applies the reference data to a database whose migrations are applied. What an operator changed stays.

  npm run seed                                 # this machine's; npm run set-up does it as well
  npm run seed -- --remote --env production    # the deployed one

  --remote      the database at Cloudflare; it answers nothing while the data is applied, a second or so
  --env         the environment of wrangler.toml
  --persist-to  the folder of a local platform's data, unless it is the usual one
  --help        this text

A remote database needs \`npx wrangler login\` or CLOUDFLARE_API_TOKEN; a login to several accounts needs CLOUDFLARE_ACCOUNT_ID.
`;

const { values } = parseArgs({
  options: {
    remote: { type: "boolean", default: false },
    env: { type: "string" },
    "persist-to": { type: "string", default: STATE },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(HELP);
  process.exit(0);
}
try {
  const database = values.remote ? ["--remote"] : ["--local", "--persist-to", values["persist-to"]];
  console.log(applySeedAndReport([...database, ...(values.env ? ["--env", values.env] : [])]));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
