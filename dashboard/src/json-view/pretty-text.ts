import { prettyTokens } from './tokens.ts';

/** JSON indented for editing, with all its digits; other text as it is. */
export const prettyText = (json: string): string =>
  prettyTokens(json)
    ?.map(({ text }) => text)
    .join('') ?? json;
