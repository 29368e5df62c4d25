/** Event ids that say when the event was published: whoever receives one knows how long it was on its way. */
export const timestampedId = (run: string, number: number, publishedAt: number): string =>
  `${run}-${number.toString(36)}-${publishedAt.toString(36)}`;

/** Microseconds on the clock of nowMicros. */
export const publishedAtFromId = (id: string): number =>
  Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 36);
