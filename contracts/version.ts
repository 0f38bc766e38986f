import manifest from "../package.json" with { type: "json" };

/** The platform's version, as package.json has it. */
export const VERSION: string = manifest.version;

/** Where those who run an upstream learn what this platform is. */
const ABOUT = "https://github.com/wizdata/wizdata-edge";

/** How the platform names itself to every service that it calls (RFC 9110, section 10.1.5). */
export const USER_AGENT = `WizDataEdge/${VERSION} (+${ABOUT})`;
