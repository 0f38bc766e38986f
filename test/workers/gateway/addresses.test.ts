import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callerNetwork, networkOf } from "../../../workers/auth/caller-address.ts";
import { regionOf } from "../../../workers/streaming/hubs.ts";

const group = fc.integer({ min: 0, max: 0xffff });
const written = (groups: number[]) => groups.map((each) => each.toString(16)).join(":");

describe("a caller's network", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::9]", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    [" 203.0.113.7 ", "203.0.113.7"],
  ])("of %s is %s", (text, network) => {
    expect(networkOf(text)).toBe(network);
  });

  test.each(["", "unknown", "1.2.3", "0x7f.1", "203.0.113.7, 10.0.0.1", "::g", "1:2:3", "999.1.1.1"])(
    "of %j is none",
    (text) => {
      expect(networkOf(text)).toBeNull();
    },
  );

  test("is the same for two addresses if their first 64 bits are, and differs if they do", () => {
    const groups = (n: number) => fc.array(group, { minLength: n, maxLength: n });
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), groups(4), (network, host, otherHost, otherNetwork) => {
        fc.pre(network.some((each) => each !== 0));
        const one = networkOf(written([...network, ...host]));
        expect(networkOf(written([...network, ...otherHost]))).toBe(one);
        const same = String(network) === String(otherNetwork);
        fc.pre(otherNetwork.some((each) => each !== 0));
        expect(networkOf(written([...otherNetwork, ...host])) === one).toBe(same);
      }),
    );
  });

  test("is taken from no header unless the setting says that Cloudflare is in front", () => {
    const forged = new Headers({
      "CF-Connecting-IP": "203.0.113.7",
      "X-Forwarded-For": "203.0.113.8",
      "X-Real-IP": "203.0.113.9",
      "True-Client-IP": "203.0.113.10",
      Forwarded: "for=203.0.113.11",
    });
    const behind = (CLIENT_ADDRESS: string) => callerNetwork(forged, { ...env, CLIENT_ADDRESS });
    expect(behind("connection")).toBe(behind(""));
    expect(behind("connection")).toBe(callerNetwork(new Headers(), { ...env, CLIENT_ADDRESS: "connection" }));
    expect(behind("Cloudflare")).toBe(behind("connection"));
    expect(behind("cloudflare")).toBe("203.0.113.7");
    forged.delete("CF-Connecting-IP");
    expect(behind("cloudflare")).toBe("unknown");
  });

  test("and its continent are believed under the same setting alone", () => {
    const request = new Request("https://edge.test/ws", { cf: { continent: "EU" } });
    expect(regionOf(request, { ...env, CLIENT_ADDRESS: "connection" })).toBe("local");
    expect(regionOf(request, { ...env, CLIENT_ADDRESS: "cloudflare" })).toBe("eu");
  });
});
