// `npm run start:fakes`: stands in for all four upstreams on this machine, so that live mode can be tried without a network.

import { parseArgs } from "../scripts/arguments.ts";
import { FAULT_KINDS } from "./fakes/faults.ts";
import { FAKES, type FakeName, startFakes } from "./fakes/start.ts";

const { values } = parseArgs({ options: { ports: { type: "string" }, help: { type: "boolean" } } });

if (values.help) {
  console.log(`npm run start:fakes [-- --ports 9101,9102,9103,9104]

Ports in this order: ${FAKES.join(", ")}. Any free ones where they are not given.

POST /control takes {"faults": [{"kind": …}]}, with these kinds: ${FAULT_KINDS.join(", ")}.
A fault may name an endpoint, a symbol, a probability, a number of times, and a range of candles (from, to: unix seconds).`);
  process.exit(0);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function portsGiven(): Partial<Record<FakeName, number>> {
  if (values.ports === undefined) return {};
  const ports = values.ports.split(",").map(Number);
  const valid =
    ports.length === FAKES.length && ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  if (!valid) fail(`--ports must be ${FAKES.length} numbers from 1 to 65535, separated by commas.`);
  return Object.fromEntries(FAKES.map((name, i) => [name, ports[i]]));
}

const fakes = await startFakes({ ports: portsGiven() }).catch((error: unknown) =>
  fail(`The stand-ins cannot start: ${error instanceof Error ? error.message : error}`),
);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    void fakes.close().then(() => process.exit(0));
  });
}

const lines = Object.entries({ MARKET_MODE: "live", ...fakes.variables }).map(([name, value]) => `${name}="${value}"`);
const { url } = fakes.servers.binance;

console.log(`Stand-ins for all four upstreams run (Ctrl-C stops them). Put these lines into .dev.vars, then npm start:

${lines.join("\n")}

Make one misbehave:  curl ${url}/control -d '{"faults": [{"kind": "server_error", "probability": 0.5}]}'
Make it behave:      curl ${url}/control -d '{"faults": []}'
What it was asked:   curl ${url}/calls
`);
