import type { NewPortalLink } from '../../../../sdk/typescript/src/models.ts';
import { shellQuoted } from '../../kit/text/shell-quoted.ts';

export type CodeLanguage = 'curl' | 'TypeScript' | 'Python';

/** A JSON value as Python writes it: `True`, and text in the same quotes. */
const python = (value: unknown): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);

/** The call that makes a link like this one, for the producer's own server. */
export function linkCode(apiUrl: string, link: NewPortalLink, language: CodeLanguage): string {
  if (language === 'curl') {
    return [
      `curl -sS -X POST ${shellQuoted(`${apiUrl}/v1/portal-links`)}`,
      `  -H "Authorization: Bearer $POSTHORN_KEY" -H 'Content-Type: application/json'`,
      `  -d ${shellQuoted(JSON.stringify(link))}`,
    ].join(' \\\n');
  }
  if (language === 'TypeScript') {
    const members = JSON.stringify(link, null, 2).replaceAll(/^( +)"(\w+)":/gm, '$1$2:');
    return `const { url } = await posthorn.portalLinks.create(${members});\nresponse.redirect(url);`;
  }
  const given = Object.entries(link).map(([name, value]) => `    ${name}=${python(value)},`);
  return `link = posthorn.portal_links.create(\n${given.join('\n')}\n)\nreturn redirect(link["url"])`;
}
