/** The number of values in the data, and an upper bound for the length of its longest JSON Pointer, in characters. */
export type DataSize = { valueCount: number; maxPointerLength: number };

/** Walks the data recursively. Throws RangeError if the data is nested too deep for the stack. */
export function measureData(data: unknown): DataSize {
  const size: DataSize = { valueCount: 0, maxPointerLength: 0 };
  const visit = (value: unknown, pointerLength: number): void => {
    size.valueCount++;
    size.maxPointerLength = Math.max(size.maxPointerLength, pointerLength);
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      const maxLength = pointerLength + 1 + String(value.length).length;
      for (const item of value) visit(item, maxLength);
      return;
    }
    // Escaping (RFC 6901) can double the length of a name.
    for (const name of Object.keys(value))
      visit((value as Record<string, unknown>)[name], pointerLength + 1 + 2 * name.length);
  };
  visit(data, 0);
  return size;
}
