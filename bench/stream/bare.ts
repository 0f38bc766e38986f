/**
 * The least that a Durable Object can do: a loop over its sockets, with events of nothing in particular. `/start?events&bytes`
 * makes that many events at every whole second, each of that many bytes, until `/stop`.
 */
import { eventText } from "./event-text.ts";

export class Bare {
  private readonly state: DurableObjectState;
  private sockets: WebSocket[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private seq = 0;

  constructor(state: DurableObjectState) {
    this.state = state;
  }

  fetch(request: Request): Response {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/start") {
      this.sockets = this.state.getWebSockets();
      this.loop(Number(searchParams.get("events")), Number(searchParams.get("bytes")));
    }
    if (pathname === "/stop" && this.timer !== null) clearTimeout(this.timer);
    if (pathname !== "/ws") return new Response("ok");
    const pair = new WebSocketPair();
    this.state.acceptWebSocket(pair[1]);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  private loop(events: number, bytes: number): void {
    const second = Math.floor(Date.now() / 1000) + 1;
    this.timer = setTimeout(
      () => {
        this.seq++;
        const due = new Date(second * 1000).toISOString();
        for (let event = 0; event < events; event++) {
          const text = eventText(event, this.seq, due, bytes);
          for (const socket of this.sockets) socket.send(text);
        }
        this.loop(events, bytes);
      },
      second * 1000 - Date.now(),
    );
  }
}

export default {
  fetch(request: Request, env: { BARE: DurableObjectNamespace }): Promise<Response> {
    return env.BARE.getByName("bare").fetch(request);
  },
};
