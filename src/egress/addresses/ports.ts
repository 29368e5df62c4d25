/** Ports from the first to the last, both included. */
export type PortRange = { first: number; last: number };

/** Parses a list such as `443,8000-8999`. Undefined if the text is not such a list. */
export function parsePortRanges(text: string): PortRange[] | undefined {
  const ranges = text.split(',').map((entry) => parseRange(entry.trim()));
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

function parseRange(text: string): PortRange | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 1 && range.first <= range.last && range.last <= 65_535 ? range : undefined;
}
