import { editDistance } from "../words.ts";
import { CATALOG } from "./catalog.ts";

/** More changes than this in one name are another word. */
const FARTHEST = 3;

/** Names that the field also uses for indicators of the catalogue. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  AD: "ADL",
  BB: "BOLLINGER",
  BBANDS: "BOLLINGER",
  DMI: "ADX",
  KC: "KELTNER",
  MA: "SMA",
  MOM: "MOMENTUM",
  SAR: "PSAR",
  STDEV: "STDDEV",
  STOCH: "STOCHASTIC",
  TR: "TRUE_RANGE",
  WILLR: "WILLIAMS_R",
};

/** Up to three names of the catalogue that `name` (upper case) may have meant, the nearest first. */
export function nearestNames(name: string): string[] {
  const other = OTHER_NAMES[name];
  if (other !== undefined) return [other];
  return CATALOG.map((definition) => ({ name: definition.name, distance: distanceTo(definition.name, name) }))
    .filter(({ distance }) => distance <= FARTHEST)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map((candidate) => candidate.name);
}

function distanceTo(known: string, typed: string): number {
  if (typed.length >= 3 && (known.startsWith(typed) || known.includes(`_${typed}`))) return 1;
  return Math.abs(known.length - typed.length) > FARTHEST ? FARTHEST + 1 : editDistance(known, typed);
}
