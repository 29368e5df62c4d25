/** A text as one word of a shell: in single quotes nothing has a meaning except the quote itself. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
