/** Finished HTML; every other part of a template is text and gets escaped. */
export type Html = { html: string };

type Part = Html | Html[] | string | number | undefined;

/** A template tag that escapes every part that is not `Html`. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return { html: strings.reduce((text, piece, i) => text + asHtml(parts[i - 1]) + piece) };
}

/** Text in which backquotes mark code, as in the descriptions of the API. */
export const prose = (text: string): Html => ({
  html: escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>'),
});

function asHtml(part: Part): string {
  if (part === undefined) return '';
  if (Array.isArray(part)) return part.map(({ html }) => html).join('');
  return typeof part === 'object' ? part.html : escapeHtml(String(part));
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
