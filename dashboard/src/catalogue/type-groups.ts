/** Types that begin with the same word: `render` for `render.completed` and `render.failed`. */
export type TypeGroup<Entry> = { prefix: string; entries: Entry[] };

/** Groups by what stands before the first dot, in the order of the catalogue. */
export function groupTypes<Entry extends { type: string }>(entries: Entry[]): TypeGroup<Entry>[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const prefix = entry.type.split('.', 1)[0]!;
    const group = groups.get(prefix);
    if (group) group.push(entry);
    else groups.set(prefix, [entry]);
  }
  return [...groups].map(([prefix, grouped]) => ({ prefix, entries: grouped }));
}

/** Whether a subscription (an exact type, `prefix.*` or `*`) is one to the type. */
export const matchesType = (pattern: string, type: string): boolean =>
  pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));

/** Whether a type fits what someone looks for: each word stands in its name or description. */
export function fitsSearch(entry: { type: string; description: string }, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  const where = `${entry.type} ${entry.description}`.toLowerCase();
  return words.every((word) => where.includes(word));
}

/** The subscriptions after one was added or removed. What it covers is removed: beside `render.*`, `render.failed` says nothing. */
export function toggled(patterns: string[], pattern: string, isOn: boolean): string[] {
  if (!isOn) return patterns.filter((other) => other !== pattern);
  const covered = (other: string): boolean =>
    other === pattern || matchesType(pattern, other.replace(/\*$/, ''));
  return [...patterns.filter((other) => !covered(other)), pattern];
}
