import { once } from "node:events";
import WebSocket from "ws";
import { z } from "zod";

/** The Worker itself among the isolates of a local runtime: its objects live in the same one. */
const WORKER = "core:user:";
/** A sample each so many bytes: none at all. Only that asking for the profile collects garbage is of use here. */
const NO_SAMPLES = 2 ** 30;
/** What a collection finds dead may hold something outside of the heap, which the next one finds dead. */
const COLLECTIONS = 3;

const Reply = z.object({ id: z.number().optional(), result: z.unknown().optional(), error: z.unknown().optional() });

const HeapUsage = z.object({
  usedSize: z.number(),
  embedderHeapUsedSize: z.number(),
  backingStorageSize: z.number(),
});

/** Bytes that are in use once all garbage is collected. */
export interface HeapUse {
  /** JavaScript's values, and buffers. */
  values: number;
  /** The runtime's own objects that JavaScript can reach: requests, answers, bodies, sockets. */
  runtimeObjects: number;
}

/** The heap of a bundled Worker and of its objects. */
export interface Heap {
  used(): Promise<HeapUse>;
  close(): void;
}

/**
 * Opens the heap of a Worker by its inspector (Chrome DevTools Protocol).
 * @param inspector the address of the runtime's inspector
 */
export async function openHeap(inspector: string): Promise<Heap> {
  const socket = new WebSocket(new URL(`/${WORKER}`, inspector), { maxPayload: 0 });
  await once(socket, "open");
  let asked = 0;
  const ask = (method: string, params: object = {}): Promise<unknown> => {
    const id = ++asked;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const hear = (data: Buffer): void => {
      const reply = Reply.parse(JSON.parse(data.toString()));
      if (reply.id !== id) return;
      socket.off("message", hear);
      if (reply.error === undefined) resolve(reply.result);
      else reject(new Error(`${method}: ${JSON.stringify(reply.error)}`));
    };
    socket.on("message", hear);
    socket.send(JSON.stringify({ id, method, params }));
    return promise;
  };
  // `HeapProfiler.collectGarbage` waits for a task that this runtime never runs.
  await ask("HeapProfiler.startSampling", { samplingInterval: NO_SAMPLES });
  return {
    async used() {
      for (let i = 0; i < COLLECTIONS; i++) await ask("HeapProfiler.getSamplingProfile");
      const usage = HeapUsage.parse(await ask("Runtime.getHeapUsage"));
      return { values: usage.usedSize + usage.backingStorageSize, runtimeObjects: usage.embedderHeapUsedSize };
    },
    close: () => socket.terminate(),
  };
}
