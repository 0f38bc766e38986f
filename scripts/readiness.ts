import type { ChildProcess } from "node:child_process";

const PAUSE_MS = 150;

async function isAnswering(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    // Not listening yet, or not answering yet.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError")) return false;
    throw error;
  }
}

/**
 * Waits until a starting server is ready.
 * @throws Error where it ends or stays silent for `timeoutMs`
 */
export async function waitUntilReady(url: string, server: ChildProcess, timeoutMs = 90_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isAnswering(url))) {
    const end = server.exitCode ?? server.signalCode;
    if (end !== null) throw new Error(`The server ended with ${end} before it was ready.`);
    if (Date.now() > deadline) throw new Error(`The server was not ready after ${timeoutMs / 1000} seconds.`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
