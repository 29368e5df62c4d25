/** `1 delivery`, `1,204 deliveries`. `many`: for words that do not only get an s. */
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString()} ${n === 1 ? one : many}`;
