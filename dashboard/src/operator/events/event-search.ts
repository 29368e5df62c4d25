import { searchOf, text } from '../../frame/search.ts';

const filters = searchOf({
  type: text,
  status: text,
  consumer: text,
  endpoint: text,
  test: text,
  contains: text,
  live: text,
});

/** The parameters of the list of events, and its filters by attribute: `attribute.<name>`. */
export const eventSearch = (search: Record<string, unknown>) => ({
  ...filters(search),
  ...attributesIn(search),
});

function attributesIn(search: Record<string, unknown>): { [name: `attribute.${string}`]: string } {
  return Object.fromEntries(Object.entries(search).filter(([name]) => name.startsWith('attribute.'))) as {
    [name: `attribute.${string}`]: string;
  };
}
