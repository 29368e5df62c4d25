/** HTML that is finished: what is put into a template beside it is text, and escaped. */
export type Html = { html: string };

type Part = Html | Html[] | string | number | undefined;

/** Escapes every part that is not HTML already. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return { html: strings.reduce((text, piece, i) => text + asHtml(parts[i - 1]) + piece) };
}

/** Text with `code` in backquotes, as the descriptions of the API are written. */
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
