import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { forbiddenImports } from './forbidden-imports.ts';

const root = join(import.meta.dirname, '..');
const paths = globSync(
  '{src,workflows,activities,dashboard/src,dashboard/embed,packages/temporal/src}/**/*.{ts,tsx}',
  {
    cwd: root,
  },
).sort();
const found = forbiddenImports(paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })));

for (const sentence of found) console.error(sentence);
console.log(`${paths.length} files, ${found.length} forbidden imports`);
process.exitCode = found.length > 0 ? 1 : 0;
