import ipaddr from "ipaddr.js";

/** Everyone whose address is not known shares one allowance. */
export const UNKNOWN_ADDRESS = "unknown";
/** What a platform sees of its callers where each connection may carry anyone's: on a developer's machine they are all this machine's. */
const THIS_MACHINE = "this-machine";

/** An IPv6 caller has at least the /64 that its network gave it (RFC 6177), so that counting single addresses would count nothing. */
const IPV6_PREFIX_BITS = 64;

/**
 * The network that an address is counted by: an IPv4 address itself, also where it is written as an IPv6 one, and the /64 of an IPv6 address.
 * @returns null where the text is no address
 */
export function networkOf(text: string): string | null {
  const bare = text.trim().replace(/^\[(.*)\]$/, "$1");
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null;
  const address = ipaddr.process(bare);
  if (address.kind() === "ipv4") return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(
    `${address.toNormalizedString().split("%")[0]}/${IPV6_PREFIX_BITS}`,
  );
  return `${network}/${IPV6_PREFIX_BITS}`;
}

/** Whether the network in front of the Worker is Cloudflare's, and what it says of a request holds. Anyone can write such a header otherwise. */
const isBehindCloudflare = (env: Env): boolean => env.CLIENT_ADDRESS === "cloudflare";

/** The network that a request came from, as `CLIENT_ADDRESS` says it is known; callers without a known one are counted together. */
export function callerNetwork(headers: Headers, env: Env): string {
  if (!isBehindCloudflare(env)) return THIS_MACHINE;
  return networkOf(headers.get("CF-Connecting-IP") ?? "") ?? UNKNOWN_ADDRESS;
}

/** The continent that a request came from, in lower case; null where the network in front does not say it. */
export function continentOf(request: Request, env: Env): string | null {
  const continent = isBehindCloudflare(env) ? request.cf?.continent : null;
  return typeof continent === "string" ? continent.toLowerCase() : null;
}
