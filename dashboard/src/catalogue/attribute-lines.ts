/** Attributes as people write them: `name=value`, one a line. */
export const attributeLines = (attributes: Record<string, string>): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');

/** Lines without a sign are left out; undefined if there are none. */
export function attributesIn(text: string): Record<string, string> | undefined {
  const pairs = text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1)] as const);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
