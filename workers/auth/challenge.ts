/** What a 401 says of how to authenticate (RFC 9110, section 11.6.1). */
export const CHALLENGE: Record<string, string> = { "WWW-Authenticate": 'Bearer realm="wizdata-edge"' };
