/** A frame that is read as the platform's are, of that many bytes. `due` is the second at which its event happens, ISO-8601. */
export function eventText(event: number, seq: number, due: string, bytes: number): string {
  const text = `{"type":"market_data","symbol":"EVENT${event}","epoch":"0","seq":${seq},"data":{"timestamp":"${due}","rest":""}}`;
  return `${text.slice(0, -3)}${"x".repeat(Math.max(0, bytes - text.length))}"}}`;
}
