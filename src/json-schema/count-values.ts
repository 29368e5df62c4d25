/** The number of values in the data, itself included; counting ends once it is above `most`. */
export function countValues(data: unknown, most: number): number {
  let count = 0;
  const visit = (value: unknown): void => {
    count++;
    if (typeof value !== 'object' || value === null) return;
    for (const part of Array.isArray(value) ? value : Object.values(value)) {
      if (count > most) return;
      visit(part);
    }
  };
  visit(data);
  return count;
}
