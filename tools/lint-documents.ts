// `npm run lint:openapi`: the OpenAPI and the AsyncAPI document, as the platform serves them, by the rules of .spectral.yaml.
import { startBundledWorker } from "./bundled-worker.ts";
import { lintDocuments } from "./lint-documents/spectral.ts";

const worker = await startBundledWorker({ MARKET_MODE: "demo", LOG_LEVEL: "error" });
try {
  const { code, output } = await lintDocuments(worker.url);
  console.log(output.trim());
  process.exitCode = code ?? 1;
} finally {
  await worker.stop();
}
