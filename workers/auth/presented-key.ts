const KEY_PROTOCOL = "key.";

/**
 * What a request presents as its key: in `Authorization: Bearer`, in `X-API-Key`, or, where a WebSocket is to be opened, as
 * the subprotocol `key.<key>`. Null where it presents none; `malformed` where it tries and fails.
 */
export function presentedKey(headers: { get(name: string): string | null }): { key: string } | "malformed" | null {
  const authorization = headers.get("Authorization");
  const bearer = authorization?.match(/^Bearer +(\S+)$/i)?.[1];
  const key = bearer ?? headers.get("X-API-Key") ?? keyOfProtocols(headers);
  if (key !== null) return { key };
  return authorization ? "malformed" : null;
}

function keyOfProtocols(headers: { get(name: string): string | null }): string | null {
  if (headers.get("Upgrade")?.toLowerCase() !== "websocket") return null;
  const offered = headers.get("Sec-WebSocket-Protocol")?.split(",") ?? [];
  const carrying = offered.map((protocol) => protocol.trim()).find((protocol) => protocol.startsWith(KEY_PROTOCOL));
  return carrying?.slice(KEY_PROTOCOL.length) ?? null;
}
