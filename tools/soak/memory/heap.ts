import { once } from "node:events";
import WebSocket from "ws";
import { z } from "zod";

/** The Worker itself among the isolates of a local runtime: its objects live in the same one. */
const WORKER = "core:user:";
/** Bytes between two samples, so that there are none: only that reading the profile collects garbage is of use here. */
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
  measure(): Promise<HeapUse>;
  close(): void;
}

/** One isolate's inspector. */
interface Inspector {
  call(method: string, params?: object): Promise<unknown>;
  close(): void;
}

async function connectInspector(address: URL): Promise<Inspector> {
  const socket = new WebSocket(address, { maxPayload: 0 });
  await once(socket, "open");
  let lastId = 0;
  return {
    call(method, params = {}) {
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const onMessage = (data: Buffer): void => {
        const reply = Reply.parse(JSON.parse(data.toString()));
        if (reply.id !== id) return;
        socket.off("message", onMessage);
        if (reply.error === undefined) resolve(reply.result);
        else reject(new Error(`${method}: ${JSON.stringify(reply.error)}`));
      };
      socket.on("message", onMessage);
      socket.send(JSON.stringify({ id, method, params }));
      return promise;
    },
    close: () => socket.terminate(),
  };
}

const Isolates = z.array(z.object({ id: z.string() }));

/** The names of a runtime's isolates: the Worker, and those of what stands in for databases, queues and the network. */
async function isolatesOf(inspector: string): Promise<string[]> {
  const response = await fetch(new URL("/json", inspector.replace(/^ws/, "http")));
  // The runtime takes names as they are: one that an address cannot hold cannot be asked.
  return Isolates.parse(await response.json()).flatMap(({ id }) => (id.includes("#") ? [] : [id]));
}

/**
 * Opens the heap of a Worker by its inspector (Chrome DevTools Protocol).
 * @param inspector the address of the runtime's inspector
 */
export async function connectHeap(inspector: string): Promise<Heap> {
  const names = await isolatesOf(inspector);
  const isolates = await Promise.all(names.map((name) => connectInspector(new URL(`/${name}`, inspector))));
  const worker = isolates[names.indexOf(WORKER)];
  if (!worker) throw new Error(`none of the isolates is the Worker: ${names.join(", ")}`);
  // `HeapProfiler.collectGarbage` waits for a task that this runtime never runs.
  await Promise.all(isolates.map(({ call }) => call("HeapProfiler.startSampling", { samplingInterval: NO_SAMPLES })));
  return {
    async measure() {
      // The garbage of what stands beside the Worker is in the process's size, too.
      for (const { call } of isolates) {
        for (let i = 0; i < COLLECTIONS; i++) await call("HeapProfiler.getSamplingProfile");
      }
      const usage = HeapUsage.parse(await worker.call("Runtime.getHeapUsage"));
      return { values: usage.usedSize + usage.backingStorageSize, runtimeObjects: usage.embedderHeapUsedSize };
    },
    close() {
      for (const isolate of isolates) isolate.close();
    },
  };
}
