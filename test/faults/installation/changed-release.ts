import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const COPIED = ['activities', 'migrations', 'package.json', 'sdk/typescript/src', 'src', 'workflows'];

/** The sources of another release, in a folder of its own. */
export type Release = { cli: string; remove(): void };

/** A release whose workflow of deliveries begins with another step: only for new workflows, or also for those that run. */
export function releaseWithNewStep(forWhich: 'new workflows' | 'all workflows'): Release {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-release-'));
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  linkPackages(folder);
  const step = forWhich === 'new workflows' ? "if (patched('new step')) await sleep(1);" : 'await sleep(1);';
  edit(join(folder, 'workflows/deliver.ts'), [
    ['  setHandler,\n', '  setHandler,\n  sleep,\n'],
    ['  while (tracker.isOpen()) {\n', `  ${step}\n  while (tracker.isOpen()) {\n`],
  ]);
  return {
    cli: join(folder, 'src/cli/program.ts'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Without the hidden entries: the cached workflow bundle is not that of this release. */
function linkPackages(folder: string): void {
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
}

function edit(file: string, changes: [string, string][]): void {
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${file} does not contain ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
}
