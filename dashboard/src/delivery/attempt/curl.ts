import { shellQuoted } from '../../kit/text/shell-quoted.ts';

/** Headers that curl sets by itself, from the URL and the body. */
const OWN = new Set(['host', 'content-length', 'connection', 'transfer-encoding']);

/** The exact request as a command. A header that is stored masked stays masked. */
export function curlOf(request: {
  url: string;
  headers: Record<string, unknown> | null;
  body: string | null;
}): string {
  const headers = Object.entries(request.headers ?? {})
    .filter(([name]) => !OWN.has(name.toLowerCase()))
    .map(([name, value]) => `-H ${shellQuoted(`${name}: ${String(value)}`)}`);
  const body = request.body === null ? [] : [`--data-binary ${shellQuoted(request.body)}`];
  return ['curl -sS -X POST', ...headers, ...body, shellQuoted(request.url)].join(' \\\n  ');
}
