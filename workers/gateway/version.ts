import { version } from "../../package.json";

/** The platform's version, as package.json has it. */
export const VERSION: string = version;
