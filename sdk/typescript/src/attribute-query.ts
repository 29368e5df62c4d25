/** The parameters of a query: each attribute is one, `attribute.<name>`. */
export function withAttributes({
  attributes = {},
  ...query
}: { attributes?: Record<string, string> } & object): object {
  const entries = Object.entries(attributes).map(([name, value]) => [`attribute.${name}`, value]);
  return { ...query, ...Object.fromEntries(entries) };
}
