import { DurableObject } from "cloudflare:workers";
import type { ConnectionAnswer } from "../../contracts/stream.ts";
import type { SessionHub, StreamMetrics, StreamStats } from "./session-hub.ts";

/** An object with sockets: what the platform and the Worker ask of it goes to its sessions. Hubs and rooms are such objects. */
export abstract class StreamingObject extends DurableObject<Env> {
  protected abstract readonly sessions: SessionHub;

  /** Takes a socket in. */
  override fetch(request: Request): Promise<Response> {
    return this.sessions.accept(request);
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.sessions.onMessage(socket, data);
  }

  /** A client has closed its end; without an answer it would wait for one. */
  override webSocketClose(socket: WebSocket): void {
    this.sessions.onClose(socket);
    if (socket.readyState !== WebSocket.READY_STATE_CLOSED) socket.close(1000, "");
  }

  override webSocketError(socket: WebSocket): void {
    this.sessions.onClose(socket);
  }

  /** How many sockets there are, and what they listen to. */
  streamStats(): StreamStats {
    return this.sessions.stats();
  }

  /** How many sockets there are, and what was done for them since this was last asked: for the one who counts it. */
  takeStreamMetrics(): StreamMetrics {
    const { connections, subscriptions } = this.sessions.stats();
    const { load, unacknowledgedBytes } = this.sessions;
    return { connections, subscriptions, load: load.level, unacknowledgedBytes, ...this.sessions.takeCounts() };
  }

  /** Sets the alarm again that this object needs, should it be missing. */
  abstract checkAlarm(): Promise<void>;

  /** The sockets, for those who run the platform. */
  listConnections(): ConnectionAnswer[] {
    return this.sessions.connections();
  }

  /** The ids of the sockets that carry each symbol, at most `most` of each, for those who run the platform. */
  listSubscribers(limit: number): Record<string, string[]> {
    return this.sessions.subscribers(limit);
  }

  /** Sends a message to every socket; returns their number. */
  broadcast(message: string): number {
    return this.sessions.broadcast(message);
  }

  /** Closes the sockets of a caller whose key is no longer good; returns their number. */
  closeCaller(caller: string): number {
    return this.sessions.closeCaller(caller);
  }
}
