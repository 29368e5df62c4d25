// Writes dist: one bundle for ES modules and one for CommonJS, and the license of the package bundled into them.
// The compiler writes the types (see `prepack`).
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const dist = join(import.meta.dirname, '../dist');
const options = {
  entryPoints: [join(import.meta.dirname, '../src/index.ts')],
  bundle: true,
  target: 'es2022',
  charset: 'utf8',
  banner: { js: '// Contains @noble/hashes: see LICENSE-noble-hashes.' },
  logLevel: 'warning',
};

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'commonjs'), { recursive: true });
await build({ ...options, platform: 'neutral', format: 'esm', outfile: join(dist, 'index.js') });
// Only with this platform does the bundle list its exports in a form that ES modules can import by name.
await build({ ...options, platform: 'node', format: 'cjs', outfile: join(dist, 'commonjs/index.js') });
await writeFile(join(dist, 'commonjs/package.json'), JSON.stringify({ type: 'commonjs' }));

const hashes = dirname(createRequire(import.meta.url).resolve('@noble/hashes/sha2.js'));
await copyFile(join(hashes, 'LICENSE'), join(dist, 'LICENSE-noble-hashes'));
