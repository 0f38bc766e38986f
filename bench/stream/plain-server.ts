// A broadcast server on Node with `ws`: `/start?events&bytes` makes that many events at every whole second, each of that many bytes,
// until `/stop`. Sends its port to the process that started it.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { eventText } from "./event-text.ts";

let timer: NodeJS.Timeout | null = null;
let seq = 0;

function start(events: number, bytes: number): void {
  const second = Math.floor(Date.now() / 1000) + 1;
  timer = setTimeout(
    () => {
      seq++;
      const due = new Date(second * 1000).toISOString();
      for (let event = 0; event < events; event++) {
        const frame = Buffer.from(eventText(event, seq, due, bytes));
        for (const socket of sockets.clients) socket.send(frame, { binary: false });
      }
      start(events, bytes);
    },
    second * 1000 - Date.now(),
  );
}

const server = createServer(({ url }, answer) => {
  const { pathname, searchParams } = new URL(url ?? "/", "http://localhost");
  if (pathname === "/start") start(Number(searchParams.get("events")), Number(searchParams.get("bytes")));
  if (pathname === "/stop" && timer !== null) clearTimeout(timer);
  answer.end("ok");
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.(address.port);
});
process.on("disconnect", () => process.exit(0));
