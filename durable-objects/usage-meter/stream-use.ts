import { logWarning } from "../../observability/log.ts";
import type { StreamUse } from "./stream-shares.ts";

/** A meter that takes longer (milliseconds) counts as failed. */
const METER_TIMEOUT_MS = 1_000;

/** What the names of meters of addresses begin with; a key's meter is named by the key's prefix. */
export const ADDRESS_METERS = "address:";

/** The name of the meter of a caller without a key. */
export const meterOfAddress = (network: string): string => `${ADDRESS_METERS}${network}`;

const KEY = "key:";

/** The meter of a caller of streams, by the name under which its sockets are known. */
const meterOf = ({ kind, name }: { kind: string; name: string }): string =>
  kind === "address" ? meterOfAddress(name) : name.slice(KEY.length);

/**
 * Reports to a caller's meter what it uses in an object that holds sockets.
 * @returns what it uses in all of them; null where its meter does not answer, which is logged
 */
export async function reportStreamUse(
  env: Env,
  object: string,
  account: { kind: string; name: string },
  use: StreamUse,
): Promise<StreamUse | null> {
  const timeout = scheduler.wait(METER_TIMEOUT_MS).then(() => null);
  try {
    const total = await Promise.race([env.USAGE_METER.getByName(meterOf(account)).reportStreams(object, use), timeout]);
    if (total === null) logWarning("a usage meter is late; its caller's streams are counted by object", { object });
    return total;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    logWarning("a usage meter does not answer; its caller's streams are counted by object", {
      object,
      cause: error.message,
    });
    return null;
  }
}
