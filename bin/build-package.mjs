// Before `npm pack`: compiles Posthorn into build/, laid out as the sources are, with the migrations and the dashboard.
// With --remove, after it: removes build/.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDashboard, root } from './set-up.mjs';

const build = join(root, 'build');
rmSync(build, { recursive: true, force: true });
if (!process.argv.includes('--remove')) {
  if (!buildDashboard()) throw new Error('the package needs the dashboard');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '--project', 'tsconfig.package.json'], {
    cwd: root,
    stdio: [0, 2, 2],
  });
  for (const folder of ['migrations', 'dashboard/dist'])
    cpSync(join(root, folder), join(build, folder), { recursive: true });
  const { version, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(
    join(build, 'package.json'),
    `${JSON.stringify({ name: 'posthorn-build', version, type })}\n`,
  );
}
