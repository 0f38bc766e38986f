import { DurableObject } from "cloudflare:workers";
import type { ConnectionAnswer } from "../../contracts/stream.ts";
import type { Audience, AudienceReading, AudienceStats } from "./audience.ts";

/** An object with sockets: what the platform and the Worker say to it goes to its audience. Hubs and rooms are such objects. */
export abstract class AudienceObject extends DurableObject<Env> {
  protected abstract readonly audience: Audience;

  /** Takes a socket in. */
  override fetch(request: Request): Promise<Response> {
    return this.audience.admit(request);
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.audience.hear(socket, data);
  }

  /** A client has closed its end; without an answer it would wait for one. */
  override webSocketClose(socket: WebSocket): void {
    this.audience.lose(socket);
    if (socket.readyState !== WebSocket.READY_STATE_CLOSED) socket.close(1000, "goodbye");
  }

  override webSocketError(socket: WebSocket): void {
    this.audience.lose(socket);
  }

  /** How many sockets there are, and what they listen to. */
  audienceStats(): AudienceStats {
    return this.audience.stats();
  }

  /** How many sockets there are, and what was done for them since this was last asked: for the one who counts it. */
  audienceReading(): AudienceReading {
    const { connections, subscriptions } = this.audience.stats();
    return { connections, subscriptions, ...this.audience.takeTally() };
  }

  /** Sets the alarm again that this object needs, should it be missing. */
  abstract checkAlarm(): Promise<void>;

  /** The sockets, for those who run the platform. */
  audienceConnections(): ConnectionAnswer[] {
    return this.audience.connections();
  }

  /** The ids of the sockets that carry each symbol, at most `most` of each, for those who run the platform. */
  audienceSubscribers(most: number): Record<string, string[]> {
    return this.audience.subscribers(most);
  }

  /** Sends a message to every socket; gives their number. */
  broadcast(message: string): number {
    return this.audience.broadcast(message);
  }

  /** Closes the sockets of a caller whose key is no longer good; gives their number. */
  closeCaller(caller: string): number {
    return this.audience.closeCaller(caller);
  }
}
