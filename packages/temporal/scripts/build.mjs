// Writes dist: ES modules, and CommonJS for `require` and for Temporal's bundler. Nothing is bundled into them: a second copy
// of Temporal's SDK would not know the workflows and activities of the first.
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..');
const dist = join(folder, 'dist');

await rm(dist, { recursive: true, force: true });
for (const project of ['tsconfig.json', 'tsconfig.commonjs.json'])
  execFileSync('tsc', ['-p', project], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
await writeFile(join(dist, 'commonjs/package.json'), JSON.stringify({ type: 'commonjs' }));
