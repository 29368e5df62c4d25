/** The filters of the list of events that can be written: `type:render.* status:undeliverable`. */
const FILTER_NAMES = ['type', 'status', 'consumer', 'endpoint', 'test', 'contains'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type Filters = Partial<Record<FilterName | `attribute.${string}`, string>>;

const isFilter = (name: string): name is FilterName | `attribute.${string}` =>
  FILTER_NAMES.includes(name as FilterName) || /^attribute\..+/.test(name);

/**
 * Reads what was written into the field. A word without a name is a type, or an id, or else text to look for in bodies.
 * A value with spaces stands in quotes.
 */
export function parseFilterText(text: string): Filters {
  const filters: Filters = {};
  const free: string[] = [];
  for (const [, word = ''] of text.matchAll(/((?:[^\s"]|"[^"]*")+)/g)) {
    const colon = word.indexOf(':');
    const name = word.slice(0, colon);
    const value = (colon > 0 && isFilter(name) ? word.slice(colon + 1) : word).replaceAll('"', '');
    if (value === '') continue;
    if (colon > 0 && isFilter(name)) filters[name] = value;
    else free.push(value);
  }
  const words = free.join(' ');
  if (words !== '') filters[/^[\w-]+(\.[\w-]+)*\.(\*|[\w-]+)$/.test(words) ? 'type' : 'contains'] = words;
  return filters;
}

/** The filters of a URL, in the order in which they are shown. */
export function filtersIn(search: Record<string, string | undefined>): [keyof Filters & string, string][] {
  return Object.entries(search).filter(
    (entry): entry is [keyof Filters & string, string] => isFilter(entry[0]) && Boolean(entry[1]),
  );
}
