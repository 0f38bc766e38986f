import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runWrangler } from "../../scripts/wrangler.ts";
import { bundleFaults, MAX_GZIP_BYTES } from "../../tools/build/bundle.ts";

describe("the bundle that is deployed", () => {
  const folder = mkdtempSync(join(tmpdir(), "wizdata-bundle-"));
  let bundle: Buffer;

  beforeAll(() => {
    runWrangler(["deploy", "--dry-run", "--env", "production", "--outdir", folder]);
    bundle = readFileSync(join(folder, "index.js"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is within its size, and has messages in English alone", () => {
    expect(bundleFaults(bundle)).toEqual([]);
  });

  test("would be refused with translations, without English, or when it is too large", () => {
    expect(bundleFaults(Buffer.concat([bundle, Buffer.from("Ungültige Eingabe")]))).toHaveLength(1);
    expect(bundleFaults(Buffer.from("export {}"))).toHaveLength(1);
    const random = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)));
    const large = Array.from({ length: Math.ceil(MAX_GZIP_BYTES / 65_536) + 1 }, (_, i) =>
      Buffer.from(random.map((byte) => byte ^ (i * 37))),
    );
    expect(bundleFaults(Buffer.concat([bundle, ...large]))).toHaveLength(1);
  });
});
