/** What wrangler says on a sound machine though nothing is amiss: from a line that is like `from` up to one that is like `to`. */
const NOISE: readonly { from: RegExp; to: RegExp }[] = [
  // They are checked with the rest, and wrangler compares them with another set of secrets.
  { from: /types might be out of date/, to: /^/ },
  // The start script calls them.
  { from: /Scheduled Workers are not automatically triggered/, to: /test-cron-triggers-locally/ },
  // The start script's own calls, where they went well.
  { from: /\] GET \/ready 200 OK/, to: /^/ },
  { from: /\] GET \/cdn-cgi\/handler\/scheduled\S* 200 OK/, to: /^/ },
];

/** The version is exact on purpose. */
const NEWER_VERSION = / \(update available [^)]*\)/;

/** A block whose end does not come is shown again after that many lines. */
const MAX_BLOCK = 10;

/**
 * Leaves out of a server's output what means nothing. It takes the output in whatever parts it comes and returns whole lines.
 * @returns what is to be shown of each part; `null` stands for the end
 */
export function createNoiseFilter(): (part: string | null) => string {
  let rest = "";
  let block: { to: RegExp; lines: number } | null = null;

  const isShown = (line: string): boolean => {
    block ??= NOISE.map(({ from, to }) => (from.test(line) ? { to, lines: 0 } : null)).find(Boolean) ?? null;
    if (block === null) return true;
    block.lines++;
    if (block.to.test(line) || block.lines >= MAX_BLOCK) block = null;
    return false;
  };

  return (part) => {
    const lines = (rest + (part ?? "")).split("\n");
    rest = part === null ? "" : (lines.pop() ?? "");
    const shown = lines.filter(isShown).map((line) => line.replace(NEWER_VERSION, ""));
    if (part === null) return shown.join("\n");
    return shown.map((line) => `${line}\n`).join("");
  };
}
