/** An event id that contains the time of publication, from which the receiver computes the latency. */
export const timestampedId = (run: string, number: number, publishedAt: number): string =>
  `${run}-${number.toString(36)}-${publishedAt.toString(36)}`;

/** Microseconds, as from nowMicros. */
export const publishedAtFromId = (id: string): number =>
  Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 36);
