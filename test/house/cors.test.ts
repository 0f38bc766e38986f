import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

const sources = ["workers", "durable-objects"].flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, room, name), "utf8")),
);

/** Request headers that a page's script cannot set (Fetch, section 2.2.2), may always send, or that the network in front sets. */
const NOT_OF_PAGES =
  /^(?:Origin|Upgrade|Sec-.*|Content-Length|Access-Control-.*|CF-.*|Accept|Vary|Cache-Status|Retry-After|Content-Type-Options)$/i;

/** Every header that the code reads of a request, as far as it names it. */
function headersRead(): string[] {
  const found = sources.flatMap((text) =>
    [
      ...text.matchAll(/(?:req\.header|req\.raw\.headers\.get|request\.headers\.get|\bheaders\.get)\("([\w-]+)"\)/g),
      ...text.matchAll(/headers: z\.object\(\{\s*"([\w-]+)"/g),
    ].map(([, name]) => name.toLowerCase()),
  );
  return [...new Set(found)].filter((name) => !NOT_OF_PAGES.test(name));
}

const listIn = (file: string, name: string): string[] => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const list = new RegExp(`${name}[^[]*\\[([^\\]]*)\\]`).exec(text)?.[1] ?? "";
  return Array.from(list.matchAll(/"([\w-]+)"/g), ([, header]) => header.toLowerCase());
};

test("a page may send every header that the platform reads", () => {
  const allowed = listIn("workers/gateway/middleware/answer-headers.ts", "allowHeaders");
  expect(headersRead()).toEqual(
    expect.arrayContaining(["authorization", "x-api-key", "last-event-id", "if-none-match"]),
  );
  expect(headersRead().filter((name) => !allowed.includes(name))).toEqual([]);
});

test("a page may read every header of its own that the platform sends", () => {
  const exposed = listIn("workers/http/headers.ts", "EXPOSED");
  const ofPages = ["etag", "link", "location", "retry-after", "ratelimit", "ratelimit-policy", "cache-status", "allow"];
  expect(ofPages.filter((name) => !exposed.includes(name))).toEqual([]);
  const sent = sources.flatMap((text) =>
    Array.from(text.matchAll(/(?:c\.header\(|headers\.set\()"([A-Z][\w-]+)"/g), ([, name]) => name.toLowerCase()),
  );
  const ofBrowsers = ["vary", "cache-control", "content-type", "sec-websocket-protocol"];
  expect([...new Set(sent)].filter((name) => !exposed.includes(name) && !ofBrowsers.includes(name))).toEqual([]);
});
