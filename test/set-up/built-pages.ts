import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

/** As Vite builds them, with `base: './'`. */
const page = (name: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${name}</title>
    <script type="module" crossorigin src="./assets/${name}-Ab1.js"></script>
    <link rel="stylesheet" crossorigin href="./assets/${name}-Cd2.css">
  </head>
  <body><div id="root"></div></body>
</html>
`;

export const SCRIPT = `export const text = '${'posthorn '.repeat(200)}';`;
/** The build may bring its compressed forms along. */
export const PREPARED = 'compressed by the build';

const FILES: Record<string, string | Buffer> = {
  'operator.html': page('operator'),
  'portal.html': page('portal'),
  'posthorn-portal.js': 'customElements.define("posthorn-portal", class extends HTMLElement {});',
  'assets/operator-Ab1.js': SCRIPT,
  'assets/operator-Cd2.css': 'body { color: black }',
  'assets/portal-Ab1.js': PREPARED,
  'assets/portal-Ab1.js.br': brotliCompressSync(PREPARED),
  'assets/icons/icon-Ef3.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};

/** A folder with what a build leaves, without the files that match `without`. */
export async function buildFixture(without?: RegExp): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-pages-'));
  for (const [name, content] of Object.entries(FILES)) {
    if (without?.test(name)) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
