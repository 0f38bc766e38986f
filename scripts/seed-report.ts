/** An entry of the audit log that a seed has written. */
export interface SeedEntry {
  action: string;
  target: string;
  /** What the reference data says of the target, by field. */
  detail: Record<string, unknown>;
}

/** Targets named in full; a longer list ends with how many more there are. */
const MAX_TARGETS = 12;

function listOf(targets: readonly string[]): string {
  const rest = targets.length - MAX_TARGETS;
  return rest > 0 ? `${targets.slice(0, MAX_TARGETS).join(", ")} and ${rest} more` : targets.join(", ");
}

/** Targets of an action, each with the fields that its entries name. */
function fieldsByTarget(entries: readonly SeedEntry[], action: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { target, detail } of entries.filter((entry) => entry.action === `reference.${action}`)) {
    found.set(target, [...(found.get(target) ?? []), ...Object.keys(detail)]);
  }
  return found;
}

/** One sentence about what a seed added, changed and left as operators have it. */
export function describeSeed(entries: readonly SeedEntry[]): string {
  const added = [...fieldsByTarget(entries, "add").keys()];
  const changed = [...fieldsByTarget(entries, "change").keys()];
  const kept = [...fieldsByTarget(entries, "keep")].map(([target, fields]) => `${target} (${fields.join(", ")})`);
  const parts = [
    ...(added.length > 0 ? [`added ${listOf(added)}`] : []),
    ...(changed.length > 0 ? [`changed ${listOf(changed)}`] : []),
    ...(kept.length > 0 ? [`left as operators have it: ${listOf(kept)}`] : []),
  ];
  return `Reference data: ${parts.length > 0 ? parts.join("; ") : "nothing to change"}.`;
}
