import WebSocket from "ws";
import { type ServerFrame, type ServerFrameOf, ServerFrameSchema } from "../../../contracts/stream.ts";

const WAIT_MS = 30_000;
const PAUSE_MS = 50;

/** A client's end of a socket, opened from outside of the platform. */
export interface StreamClient {
  send(message: object): void;
  /** The frames of a type that have come. */
  of<T extends ServerFrame["type"]>(type: T): ServerFrameOf<T>[];
  /** The nth frame of a type, as soon as it is there. */
  nth<T extends ServerFrame["type"]>(type: T, n: number): Promise<ServerFrameOf<T>>;
  close(): void;
}

/** Opens a socket with a key. */
export async function openStream(platformUrl: string, path: string, key: string): Promise<StreamClient> {
  const socket = new WebSocket(platformUrl.replace("http", "ws") + path, ["wizdata.v1", `key.${key}`]);
  const frames: ServerFrame[] = [];
  socket.on("message", (data: Buffer) => frames.push(ServerFrameSchema.parse(JSON.parse(data.toString()))));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  // A platform that ends takes its sockets with it.
  socket.on("error", () => {});
  const of = <T extends ServerFrame["type"]>(type: T): ServerFrameOf<T>[] =>
    frames.filter((frame): frame is ServerFrameOf<T> => frame.type === type);
  return {
    of,
    send: (message) => socket.send(JSON.stringify(message)),
    async nth(type, n) {
      const deadline = Date.now() + WAIT_MS;
      for (;;) {
        const found = of(type)[n - 1];
        if (found) return found;
        if (Date.now() > deadline) throw new Error(`no ${type} number ${n} came; there are ${of(type).length}`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    },
    close: () => socket.terminate(),
  };
}
