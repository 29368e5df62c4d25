import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Builds the pages as users get them. Does nothing if they are up to date, as they are once `npm test` has begun. */
export function buildDashboard(): void {
  const script = `import('${join(__dirname, '../../bin/set-up.mjs')}').then((setUp) => process.exit(setUp.buildDashboard() ? 0 : 1))`;
  execFileSync(process.execPath, ['--eval', script], { stdio: 'inherit' });
}
