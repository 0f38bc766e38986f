import { createServer } from "node:net";

function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : port));
    });
  });
}

/** A port of this machine that nothing listens on. */
export function freePort(): Promise<number> {
  return listenOn(0);
}

/** Whether a server may listen on a port of this machine: `taken` where another does, `denied` where the system forbids it. */
export async function stateOfPort(port: number): Promise<"free" | "taken" | "denied"> {
  try {
    await listenOn(port);
    return "free";
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return "taken";
    if (error instanceof Error && "code" in error && error.code === "EACCES") return "denied";
    throw error;
  }
}
