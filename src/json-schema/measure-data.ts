/** Values and names in the data, and the characters of its longest JSON pointer. */
export type DataSize = { valueCount: number; maxPointerLength: number };

export function measureData(data: unknown): DataSize {
  const size: DataSize = { valueCount: 0, maxPointerLength: 0 };
  const visit = (value: unknown, pointer: number): void => {
    size.valueCount++;
    size.maxPointerLength = Math.max(size.maxPointerLength, pointer);
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      const longest = pointer + 1 + String(value.length).length;
      for (const item of value) visit(item, longest);
      return;
    }
    for (const name of Object.keys(value))
      visit((value as Record<string, unknown>)[name], pointer + 1 + 2 * name.length);
  };
  visit(data, 0);
  return size;
}
